"""The shelf of logs: one folder per task, and no way out of it."""

import os

import pytest

from procession.errors import InvalidTask
from procession.model.command import Command
from procession.model.stdio import INHERIT, MERGED, NULL, PTY, Descriptor, File, Log
from procession.supervisor.log_shelf import LogShelf

HOSTILE = ["../../x", "..", ".", "", "a/b", "/etc/passwd", "a\0b", "a..b", "-rf", "x" * 101, "a\n", "ä"]


@pytest.fixture
def shelf(tmp_path):
    """An empty shelf."""
    return LogShelf(str(tmp_path / "logs"), 1000)


@pytest.mark.parametrize("id_", HOSTILE)
@pytest.mark.parametrize("verb", ["folder", "terminal_log", "size", "remove"])
def test_an_id_that_is_none(shelf, tmp_path, id_, verb):
    """C116: nothing outside the shelf is named, measured or removed."""
    (tmp_path / "x").mkdir()
    with pytest.raises(InvalidTask):
        getattr(shelf, verb)(id_)
    with pytest.raises(InvalidTask):
        shelf.place(id_, Command(argv=("true",)))

    assert os.listdir(tmp_path) == ["x"]


def test_what_comes_to_us_goes_to_logs(shelf):
    """Pipes become bounded logs in a private folder; files, null and terminals stay what they are."""
    placed = shelf.place("t1", Command(argv=("true",)))
    folder = shelf.folder("t1")
    assert not os.path.exists(folder)
    os.makedirs(shelf.path)
    shelf.make_room("t1", placed)

    assert placed.stdout == Log(f"{folder}/stdout", 1000)
    assert placed.stderr == Log(f"{folder}/stderr", 1000)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert shelf.logs("t1", placed) == {"stdout": f"{folder}/stdout", "stderr": f"{folder}/stderr"}
    merged = shelf.place("t2", Command(argv=("true",), stderr=MERGED))
    assert shelf.logs("t2", merged) == {"stdout": f"{shelf.folder('t2')}/stdout"}
    quiet = shelf.place("t3", Command(argv=("true",), stdout=NULL, stderr=File("/tmp/e")))
    assert (quiet.stdout, quiet.stderr, shelf.logs("t3", quiet)) == (NULL, File("/tmp/e"), {})
    terminal = shelf.place("t4", Command(argv=("true",), stdin=PTY, stdout=PTY, stderr=PTY))
    assert terminal.stdout == PTY
    assert shelf.logs("t4", terminal) == {"stdout": shelf.terminal_log("t4")}


@pytest.mark.parametrize(
    "command",
    [
        Command(argv=("true",), stdout=INHERIT),
        Command(argv=("true",), stdin=INHERIT),
        Command(argv=("true",), stderr=Descriptor(5)),
        Command(argv=("true",), fds={5: 5}),
    ],
)
def test_streams_of_a_program_that_ends(shelf, command):
    """They are refused, and no folder is made."""
    with pytest.raises(InvalidTask, match="this program ends before the task"):
        shelf.place("t1", command)

    assert not os.path.exists(shelf.path)


def test_input_that_was_laid_beside_it(shelf):
    """It moves to the logs of its task; what is gone from there is refused; any other file stays where it is."""
    os.mkdir(shelf.spool)
    laid = os.path.join(shelf.spool, "a")
    with open(laid, "w") as file:
        file.write("hello")
    placed = shelf.place("t1", Command(argv=("cat",), stdin=File(laid)))

    assert placed.stdin == File(f"{shelf.folder('t1')}/stdin")
    assert not os.path.exists(laid)
    with pytest.raises(InvalidTask, match="cannot be taken over"):
        shelf.place("t2", Command(argv=("cat",), stdin=File(laid)))
    assert shelf.place("t3", Command(argv=("cat",), stdin=File("/etc/hostname"))).stdin == File("/etc/hostname")


def test_sizes_and_removal(shelf, tmp_path):
    """What the logs of a task take on the disk is known, and given back; a link in the shelf is not followed."""
    assert shelf.sizes() == {}
    os.makedirs(shelf.path)
    shelf.make_room("t1", shelf.place("t1", Command(argv=("true",))))
    with open(shelf.terminal_log("t1"), "wb") as file:
        file.write(bytes(10_000))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(bytes(10_000))
    os.symlink(outside, f"{shelf.path}/t2")
    (tmp_path / "logs" / "stray").write_text("no folder")

    assert shelf.sizes()["t1"] == shelf.size("t1") >= 10_000
    assert shelf.sizes()["stray"] == 0
    assert shelf.remove("t1") >= 10_000
    shelf.remove("t2")
    assert (outside / "kept").exists()
    assert shelf.remove("t1") == 0
