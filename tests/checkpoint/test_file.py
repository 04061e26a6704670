"""The file of checkpoints: whole and readable, or refused with a reason; nothing that was there is lost."""

import json
import os
import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procession.checkpoint import file
from procession.checkpoint.file import (
    SIZE_LIMIT_BYTES,
    checkpoint_path,
    read_checkpoints,
    set_aside,
    write_checkpoints,
)
from procession.errors import InvalidCheckpoint, InvalidTask
from procession.model.progress import Progress


@pytest.fixture
def path(tmp_path):
    """Where the file of task ``t1`` is, or will be."""
    return checkpoint_path(str(tmp_path), "t1")


@pytest.fixture
def two(make):
    """Two checkpoints with everything in them."""
    return [
        make(
            7,
            session="s",
            progress=Progress(source="report", fraction=0.5),
            saved="/tmp/ä",
            resume_command=("sh", "-c", "x\n"),
            cwd="/",
            metadata={"k": "ü"},
        ),
        make(3, by="timer", can_resume=False),
    ]


def put(path, content, mode=0o600):
    """Write what we would not."""
    with open(path, "wb") as opened:
        opened.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        os.fchmod(opened.fileno(), mode)


def test_it_comes_back(path, two):
    """What is written is read again, and people can read it; nobody else can."""
    write_checkpoints(path, "t1", two)

    assert read_checkpoints(path, "t1") == two
    with open(path, encoding="utf-8") as opened:
        text = opened.read()
    assert '\n      "saved": "/tmp/ä",\n' in text
    assert (json.loads(text)["version"], json.loads(text)["task"]) == (1, "t1")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.listdir(os.path.dirname(path)) == ["t1.json"]


def test_bytes_that_are_no_text(path, make):
    """A name that is no UTF-8 comes back as it was."""
    odd = [make(saved="/tmp/\udcff")]
    write_checkpoints(path, "t1", odd)

    assert read_checkpoints(path, "t1") == odd


def test_it_is_synchronised_before_and_after_it_has_its_name(path, two, monkeypatch):
    """First the content, then the directory: after a power cut there is the old file or the new one."""
    done = []
    sync, rename = os.fsync, os.rename
    monkeypatch.setattr(os, "fsync", lambda fd: done.append(os.readlink(f"/proc/self/fd/{fd}")) or sync(fd))
    monkeypatch.setattr(os, "rename", lambda *names: done.append("rename") or rename(*names))
    write_checkpoints(path, "t1", two)

    assert len(done) == 3
    assert done[0].startswith(path + ".")
    assert done[1:] == ["rename", os.path.dirname(path)]


def test_torn_at_every_byte(path, two):
    """Half a file is refused, wherever it was torn; without its last line end it is whole."""
    write_checkpoints(path, "t1", two)
    with open(path, "rb") as opened:
        whole = opened.read()
    for end in range(len(whole)):
        put(path, whole[:end])
        if end == len(whole) - 1:
            assert read_checkpoints(path, "t1") == two
        else:
            with pytest.raises(InvalidCheckpoint):
                read_checkpoints(path, "t1")


def test_noise_anywhere(path, two):
    """A byte that was changed gives checkpoints of this task, or a refusal with a reason; never anything else."""
    write_checkpoints(path, "t1", two)
    with open(path, "rb") as opened:
        whole = opened.read()
    dice = random.Random(7)
    for _ in range(3000):
        noisy = bytearray(whole)
        for _ in range(dice.randint(1, 3)):
            noisy[dice.randrange(len(noisy))] = dice.randrange(256)
        put(path, bytes(noisy))
        try:
            assert all(each.task == "t1" for each in read_checkpoints(path, "t1"))
        except InvalidCheckpoint as error:
            assert error.reason  # noqa: PT017 - both ends are right


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
ODD_ONE = st.dictionaries(
    st.sampled_from(["version", "task", "number", "attempt", "at", "by", "can_resume", "reason", "resume_command"]),
    JSON | st.just("t1") | st.just(1),
)
ODD_FILE = JSON | st.fixed_dictionaries(
    {"version": st.just(1) | JSON, "task": st.just("t1") | JSON, "checkpoints": st.lists(ODD_ONE, max_size=2) | JSON}
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=ODD_FILE)
def test_whatever_json_is_there(path, content):
    """Any JSON at all is read or refused."""
    put(path, content)
    try:
        read_checkpoints(path, "t1")
    except InvalidCheckpoint as error:
        assert error.reason  # noqa: PT017 - both ends are right


def one(**changes):
    """Give the JSON of a checkpoint, with changes."""
    given = {"version": 1, "task": "t1", "number": 1, "attempt": 1, "at": 1, "by": "task"}
    return given | {"can_resume": True, "reason": ""} | changes


def whole(*checkpoints, **changes):
    """Give the JSON of a file, with changes."""
    return {"version": 1, "task": "t1", "checkpoints": list(checkpoints)} | changes


HOSTILE = {
    "empty": (b"", "empty"),
    "no JSON": (b"hello", "no JSON"),
    "no text": (b"\xff\xfe", "no JSON"),
    "no object": ([], "no version"),
    "no version": ({"task": "t1"}, "no version"),
    "a version that is none": (whole(version=True), "no version"),
    "of a newer version": (whole(version=2, of_tomorrow=1), r"newer version of procession wrote it \(form 2"),
    "of an older version": (whole(version=0), "form 0 is older"),
    "of a newer checkpoint": (whole(one(version=2)), "version is 2"),
    "of another task": (whole(task="t2"), "of task 't2'"),
    "with one of another task": (whole(one(task="t2")), "another task"),
    "out of order": (whole(one(number=1), one(number=2)), "order"),
    "twice": (whole(one(), one()), "order"),
    "with a word more": (whole(more=1), "unknown field"),
    "without checkpoints": ({"version": 1, "task": "t1"}, "missing required field"),
    "a wrong type": (whole(one(number="1")), "Expected `int`"),
    "a time that is none": (b'{"version":1,"task":"t1","checkpoints":[{"at":NaN}]}', "no JSON"),
    "a time without end": (json.dumps(whole(one(at=7))).replace("7", "1e999").encode(), "no number"),
    "an escape sequence": (whole(one(resume_command=["a", "\x1b[2K"])), "control character"),
    "a way out": (whole(one(task="../t1")), "cannot be"),
    "deep": (b"[" * 200_000, "nested too deeply"),
    "deep inside": (b'{"version":1,"task":' + b"[" * 200_000, "nested too deeply"),
    "huge": (b" " * (SIZE_LIMIT_BYTES + 1), "larger than 1,048,576 bytes"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_trusted(path, content, reason):
    """It is an error with the path and the reason, and nothing of it is believed."""
    put(path, content)
    with pytest.raises(InvalidCheckpoint, match=reason) as caught:
        read_checkpoints(path, "t1")

    assert caught.value.path == path


@pytest.mark.parametrize(
    ("make_it", "reason"),
    [
        (os.mkfifo, "no plain file"),
        (os.mkdir, "no plain file"),
        (lambda path: os.symlink("/etc/passwd", path), "symbolic link"),
        (lambda path: os.symlink("nowhere", path), "symbolic link"),
        (lambda path: put(path, whole(), 0o620), "others may write"),
        (lambda path: put(path, whole(), 0o602), "others may write"),
    ],
    ids=["fifo", "directory", "link", "dangling link", "group may write", "all may write"],
)
def test_only_a_file_of_our_own_is_read(path, make_it, reason):
    """A FIFO holds nobody up, a link leads nowhere, and what others could have written is not believed."""
    make_it(path)
    with pytest.raises(InvalidCheckpoint, match=reason):
        read_checkpoints(path, "t1")


def test_a_file_of_somebody_else(path, two, monkeypatch):
    """It is refused, whatever stands in it."""
    write_checkpoints(path, "t1", two)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(InvalidCheckpoint, match="belongs to user"):
        read_checkpoints(path, "t1")


def test_what_says_nothing_about_the_file_is_no_verdict(path, two, monkeypatch):
    """Nobody may set a good file aside because there were no descriptors left."""
    write_checkpoints(path, "t1", two)

    def refuse(*_args, **_kwargs):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        read_checkpoints(path, "t1")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "a\0b", "a..b", "x" * 101])
def test_no_name_leads_out_of_the_directory(tmp_path, name):
    """What cannot be a task's name is refused before anything is opened."""
    with pytest.raises(InvalidTask):
        checkpoint_path(str(tmp_path), name)


def test_older_forms_are_read(path, make, monkeypatch):
    """The seam for the day when there is a form 2: a form that is known is read as it was then."""
    put(path, {"version": 0, "name": "t1", "last": {"n": 4}})
    form_0 = {0: lambda content: (content["name"], [make(content["last"]["n"])])}
    monkeypatch.setattr(file, "_FORMS", file._FORMS | form_0)

    assert read_checkpoints(path, "t1") == [make(4)]


def test_as_many_as_there_is_room_for(path, make):
    """Older ones make room; one that is too large alone is refused, and what is there stays."""
    large = [make(number, metadata={"k": "x" * (SIZE_LIMIT_BYTES // 3)}) for number in (4, 3, 2, 1)]
    write_checkpoints(path, "t1", large)
    assert [each.number for each in read_checkpoints(path, "t1")] == [4, 3]

    with pytest.raises(InvalidCheckpoint, match="one alone"):
        write_checkpoints(path, "t1", [make(5, metadata={"k": "x" * SIZE_LIMIT_BYTES})])
    assert [each.number for each in read_checkpoints(path, "t1")] == [4, 3]


def test_a_write_that_fails_leaves_what_was_there(path, two, make, monkeypatch):
    """Neither half a file nor a temporary one is left."""
    write_checkpoints(path, "t1", two)

    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_checkpoints(path, "t1", [make(9)])
    monkeypatch.undo()

    assert read_checkpoints(path, "t1") == two
    assert os.listdir(os.path.dirname(path)) == ["t1.json"]


def test_setting_aside_overwrites_nothing(tmp_path, path):
    """Each bad file gets a name of its own; what stands in a link's way is not followed."""
    (tmp_path / "t1.json.bad-1").mkdir()
    os.symlink("elsewhere", tmp_path / "t1.json.bad-2")
    for content in (b"one", b"two"):
        put(path, content)
        set_aside(path)

    assert (tmp_path / "t1.json.bad-3").read_bytes() == b"one"
    assert (tmp_path / "t1.json.bad-4").read_bytes() == b"two"
    assert os.readlink(tmp_path / "t1.json.bad-2") == "elsewhere"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("has_call", [True, False])
def test_setting_aside_whatever_it_is(tmp_path, path, has_call, monkeypatch):
    """Links, FIFOs and directories go as they are, also where the kernel cannot promise a free name."""
    from procession.kernel import rename

    if not has_call:
        monkeypatch.setattr(rename, "_renameat2", None)
    for make_it in (os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)):
        make_it(path)
        set_aside(path)
    with pytest.raises(FileNotFoundError):
        set_aside(path)

    assert sorted(os.listdir(tmp_path)) == ["t1.json.bad-1", "t1.json.bad-2", "t1.json.bad-3"]
    assert os.path.islink(tmp_path / "t1.json.bad-3")


def test_every_key_is_always_there(path, two):
    """Whoever reads the file with another tool need not know our defaults."""
    write_checkpoints(path, "t1", two)
    with open(path, "rb") as opened:
        shown = json.load(opened)

    assert all(set(each) == {*two[0].__struct_fields__} for each in shown["checkpoints"])
    assert msgspec.json.decode(json.dumps(shown["checkpoints"][0]), type=type(two[0])) == two[0]
