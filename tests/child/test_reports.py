"""What a program says of itself, heard by a plain socket."""

import os
import socket
import subprocess
import time

import pytest


@pytest.fixture
def listener(tmp_path):
    """Give a socket at a path, and what has come to it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(10)
        yield channel


def heard(channel: socket.socket) -> list[str]:
    """Take all that is there, as text."""
    return [datagram.decode() for datagram in heard_bytes(channel)]


def heard_bytes(channel: socket.socket) -> list[bytes]:
    """Take all that is there."""
    channel.setblocking(False)
    datagrams = []
    while True:
        try:
            datagrams.append(channel.recv(65536))
        except BlockingIOError:
            return datagrams


def speaking(*argv: object, **environment: str) -> subprocess.CompletedProcess:
    """Run a program with this environment."""
    return subprocess.run(
        list(map(str, argv)), env=os.environ | environment, capture_output=True, text=True, timeout=30
    )


def test_everything_there_is_to_say(children, python, listener):
    """Each function says its assignment, in order, one line per value."""
    said = speaking(python, children / "speaks_of_itself.py", "all", NOTIFY_SOCKET=listener.getsockname())

    assert said.stderr == ""
    lines = "\n".join(heard(listener)).split("\n")
    assert lines[:2] == ["READY=1", "STATUS=up and running"]
    assert {"STATUS=working", "WATCHDOG=1", "X_PROGRESS=0.42", "X_PHASE=linking"} <= set(lines)
    last = [line for line in lines if not line.startswith("MONOTONIC_USEC=")][-8:]
    assert last == [
        "X_CHECKPOINT=/a/b",
        "X_SESSION=s-1",
        "EXTEND_TIMEOUT_USEC=2500000",
        "RELOADING=1",
        "STOPPING=1",
        "STATUS=bye",
        "MAINPID=42",
        "X_OWN=word",
    ]


def test_a_flood_is_gathered_and_the_last_word_kept(children, python, listener):
    """A hundred thousand words take no time and few datagrams, though nobody reads; the last one arrives."""
    began = time.monotonic()
    argv = [python, str(children / "speaks_of_itself.py"), "flood", "100000"]
    speaking = subprocess.Popen(argv, env=os.environ | {"NOTIFY_SOCKET": listener.getsockname()})
    datagrams = []
    while speaking.poll() is None or not datagrams:
        datagrams += heard(listener)
    datagrams += heard(listener)

    assert speaking.wait() == 0
    assert "STATUS=the last word" in datagrams[-1]
    assert any("READY=1" in each for each in datagrams)
    assert len(datagrams) < 30 * (time.monotonic() - began) + 20


def test_nobody_reads_and_nobody_waits(children, python, listener):
    """A full queue holds nobody up: the program ends within a moment."""
    said = speaking(python, children / "speaks_of_itself.py", "flood", "1000", NOTIFY_SOCKET=listener.getsockname())

    assert said.returncode == 0
    assert heard(listener)


@pytest.mark.parametrize("address", [None, "", "relative", "/no/such/socket", "@nobody-there", "vsock:1:2"])
def test_without_anybody_nothing_happens(children, python, address):
    """Without a supervisor, or with one that is gone, everything does nothing and raises nothing."""
    environment = {} if address is None else {"NOTIFY_SOCKET": address}
    said = speaking(python, children / "speaks_of_itself.py", "all", **environment)

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_an_abstract_address(children, python):
    """A name that begins with @ is one without a file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        name = f"procession-test-{os.getpid()}"
        channel.bind(f"\0{name}")
        speaking(python, children / "speaks_of_itself.py", "all", NOTIFY_SOCKET=f"@{name}")
        assert heard(channel)[0].startswith("READY=1")


def test_a_long_address(children, python, tmp_path):
    """A path longer than the kernel's field for it is reached, too."""
    directory = tmp_path / ("d" * 120)
    directory.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        descriptor = os.open(directory, os.O_PATH)
        channel.bind(f"/proc/self/fd/{descriptor}/n")
        os.close(descriptor)
        speaking(python, children / "speaks_of_itself.py", "all", NOTIFY_SOCKET=str(directory / "n"))
        assert heard(channel)[0].startswith("READY=1")


META = 'X_CHECKPOINT=/a\nX_CHECKPOINT_METADATA={"loss": "0.5", "path": "b=c"}'

LIGHT = [
    (["ready"], "READY=1"),
    (["ready", "up"], "READY=1\nSTATUS=up"),
    (["status", "two words"], "STATUS=two words"),
    (["progress", "0.4"], "X_PROGRESS=0.4"),
    (["progress", "40%", "--phase", "linking"], "X_PROGRESS=0.4\nX_PHASE=linking"),
    (["progress", "2/5"], "X_PROGRESS=0.4"),
    (["heartbeat"], "WATCHDOG=1"),
    (["stopping"], "STOPPING=1"),
    (["extend", "30"], "EXTEND_TIMEOUT_USEC=30000000"),
    (["checkpoint", "/a"], "X_CHECKPOINT=/a"),
    (["checkpoint", "/a", "loss=0.5", "path=b=c"], META),
    (["session", "s"], "X_SESSION=s"),
]


@pytest.mark.parametrize(
    ("words", "datagram"), LIGHT, ids=lambda each: " ".join(each) if isinstance(each, list) else ""
)
def test_the_light_form(python, listener, words, datagram):
    """`python -m procession.child` says the same for shell scripts."""
    said = speaking(python, "-m", "procession.child", *words, NOTIFY_SOCKET=listener.getsockname())

    assert (said.returncode, said.stderr) == (0, "")
    assert heard(listener) == [datagram]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["redy"],
        ["progress", "soon"],
        ["status"],
        ["progress", "1", "--fase", "x"],
        ["done", "{"],
        ["checkpoint", "/a", "b"],
    ],
)
def test_the_light_form_explains_itself(python, words):
    """What cannot be understood is exit code 2, with the usage."""
    said = speaking(python, "-m", "procession.child", *words, PROCESSION_MARKER="/nowhere/m")

    assert said.returncode == 2
    assert "python -m procession.child ready" in said.stderr


ODD = [
    (r'child.status("a\ud800b")', ["STATUS=a?b"]),
    (r'child.status("a\udcffb")', [b"STATUS=a\xffb"]),
    ('child.status("x" * 1_000_000)', ["STATUS=" + "x" * 4095 + "…"]),
    ('child.progress(float("nan"))', []),
    ('child.progress(float("nan"), phase="linking")', ["X_PHASE=linking"]),
    ('child.progress(float("inf"))', ["X_PROGRESS=1"]),
    ('child.extend_timeout(float("inf"))', ["EXTEND_TIMEOUT_USEC=3155760000000000"]),
    ('child.extend_timeout(float("nan")); child.extend_timeout(-1)', []),
]


@pytest.mark.parametrize(("call", "datagrams"), ODD, ids=[call for call, _ in ODD])
def test_odd_values_harm_nobody(python, listener, call, datagrams):
    """What cannot be said as it is is said as well as it can be, and holds up nothing that comes after."""
    script = f"from procession import child; {call}; child.session('next')"
    said = speaking(python, "-c", script, NOTIFY_SOCKET=listener.getsockname())

    assert said.stderr == ""
    expected = [each.encode() if isinstance(each, str) else each for each in datagrams]
    assert heard_bytes(listener) == [*expected, b"X_SESSION=next"]


def test_a_name_carries_nothing_else(python, listener):
    """A name with a line break in it cannot say more than it should."""
    script = r"from procession import child; child.notify(**{'A=1\nREADY': 1})"
    said = speaking(python, "-c", script, NOTIFY_SOCKET=listener.getsockname())

    assert "expected a name of letters, digits and '_'" in said.stderr
    assert heard(listener) == []


@pytest.mark.parametrize("words", [["done", "1"], ["extend", "inf"]])
def test_the_light_form_never_shows_its_inside(python, words):
    """What fails is one line; what is merely odd is not even that."""
    said = speaking(python, "-m", "procession.child", *words, PROCESSION_MARKER="/nowhere/m", NOTIFY_SOCKET="/nobody")

    assert said.returncode == (1 if words[0] == "done" else 0)
    assert "Traceback" not in said.stderr


COMFORTABLE = [
    (["--ready", "--status", "up"], ["READY=1\nSTATUS=up"]),
    (["--progress", "40", "--phase", "linking"], ["X_PROGRESS=0.4\nX_PHASE=linking"]),
    (["--progress", "40%"], ["X_PROGRESS=0.4"]),
    (["--heartbeat", "--extend", "30s"], ["WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000"]),
    (["--checkpoint", "/a", "--metadata", "loss=0.5", "--metadata", "path=b=c"], [META]),
]


@pytest.mark.parametrize(("options", "datagrams"), COMFORTABLE, ids=str)
def test_procession_notify(python, listener, options, datagrams):
    """`procession notify` takes all at once, with units."""
    said = speaking(python, "-m", "procession", "notify", *options, NOTIFY_SOCKET=listener.getsockname())

    assert (said.returncode, said.stderr) == (0, "")
    assert heard(listener) == datagrams


WRONG = [
    [],
    ["--progress", "soon"],
    ["--done", "{"],
    ["--extend", "long"],
    ["--metadata", "a=b"],
    ["--checkpoint", "/a", "--metadata", "b"],
    ["--checkpoint", "/a", "--metadata", "b=" + "c" * 5000],
]


@pytest.mark.parametrize("options", WRONG)
def test_procession_notify_explains_itself(python, options):
    """A wrong use is exit code 2, and names the option."""
    said = speaking(python, "-m", "procession", "notify", *options)

    assert said.returncode == 2
    assert (options[-2] if options else "nothing to say") in said.stderr


def test_done_writes_the_marker(python, tmp_path):
    """The marker is there whole, for us alone, with task, attempt, result and time; nothing else is left."""
    marker = tmp_path / "m.done"
    told = {"PROCESSION_TASK": "build", "PROCESSION_ATTEMPT": "3", "PROCESSION_MARKER": str(marker)}
    said = speaking(python, "-m", "procession.child", "done", '{"loaves": 2}', **told)

    import json

    assert said.returncode == 0
    content = json.loads(marker.read_text())
    assert abs(content.pop("timestamp") - time.time()) < 60
    assert content == {"task": "build", "attempt": 3, "result": {"loaves": 2}}
    assert marker.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["m.done"]


def test_it_is_light(python):
    """Importing it, and reporting, loads none of what is slow to load."""
    heavy = ["asyncio", "contextlib", "collections", "json", "msgspec", "re", "socket", "threading", "typing"]
    script = f"import sys; from procession import child; child.ready(); print([m for m in {heavy} if m in sys.modules])"
    said = speaking(python, "-S", "-c", f"import sys; sys.path[:0] = {sources()!r}; {script}", NOTIFY_SOCKET="/nobody")

    assert (said.stdout, said.stderr) == ("[]\n", "")


def sources() -> list[str]:
    """Name the folder of the sources."""
    import procession

    return [os.path.dirname(os.path.dirname(procession.__file__))]
