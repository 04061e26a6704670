"""A keeper and a plain, blocking controller for it, speaking frames as they are on the wire."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import procession
from procession.kernel import cgroup
from procession.process.cgroup_tree import find_base
from procession.wire import frames
from procession.wire.exits import Exit, decode_exit
from procession.wire.frames import Frame, FrameReader, encode
from procession.wire.passing import receive, send
from procession.wire.spawn import SpawnRequest, encode_spawn

PROGRAM = Path(procession.__file__).parent / "keeper" / "__main__.py"
LIMIT_S = 30.0


class Controller:
    """One connection to a keeper. Frames that nobody asked for yet are kept in `early`."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(LIMIT_S)
        self.socket = connection
        self.reader = FrameReader()
        self.early: list[Frame] = []
        self.null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)

    def ask(
        self, op: int, key: int = 0, *fields: bytes, fds: tuple[int, ...] = (), announced: int | None = None
    ) -> None:
        """Send any frame."""
        data = encode(op, key, fields, len(fds) if announced is None else announced)
        sent = send(self.socket, data, fds)
        self.socket.sendall(data[sent:])

    def spawn(self, key: int, *argv: str, fds: tuple[int, ...] = (), **options) -> None:
        """Ask for a program; what is not given of 0, 1, 2 is /dev/null."""
        environment = options.pop("environment", [b"%b=%b" % each for each in os.environb.items()])
        executable = os.fsencode(options.pop("executable", argv[0]))
        request = SpawnRequest(executable, [os.fsencode(each) for each in argv], environment, **options)
        fds = (*fds, *[self.null] * (3 - len(fds)))
        self.ask(frames.SPAWN, key, *encode_spawn(request), fds=fds)

    def start(self, key: int, *argv: str, **options) -> int:
        """Spawn, and give the pid."""
        self.spawn(key, *argv, **options)
        answer = self.next(frames.STARTED, frames.REFUSED)
        assert answer.op == frames.STARTED, (answer.op, answer.fields)
        answer.close()
        return int(answer.fields[0])

    def next(self, *ops: int) -> Frame:
        """Wait for a frame of these kinds; others that come first wait for their turn."""
        for frame in self.early:
            if frame.op in ops:
                self.early.remove(frame)
                return frame
        while (frame := self.any()).op not in ops:
            self.early.append(frame)
        return frame

    def any(self) -> Frame:
        """Wait for whatever comes next. Raises: EOFError."""
        while (frame := self.reader.next_frame()) is None:
            received = receive(self.socket)
            if not received.data:
                raise EOFError
            self.reader.feed(received.data, received.fds, is_truncated=received.is_truncated)
        return frame

    def exit(self) -> Exit:
        """Wait for an exit."""
        frame = self.next(frames.EXITED)
        return decode_exit(frame.id, frame.fields)

    def refusal(self) -> tuple[int, str]:
        """Wait for a refusal: errno and stage."""
        frame = self.next(frames.REFUSED)
        return int(frame.fields[0]), frame.fields[1].decode()

    def greeting(self) -> list[Frame]:
        """Everything from HELLO to WELCOME; its descriptors are closed."""
        told = [self.any()]
        while told[-1].op not in (frames.WELCOME, frames.BUSY):
            told.append(self.any())
        for frame in told:
            frame.close()
        return told

    def run(self, key: int, *argv: str, **options) -> Exit:
        """Run it to its end."""
        self.start(key, *argv, **options)
        return self.exit()

    def output_of(self, key: int, *argv: str, further: tuple[int, ...] = (), **options) -> str:
        """Run it, and give what it printed."""
        reading, writing = os.pipe()
        try:
            self.spawn(key, *argv, fds=(self.null, writing, writing, *further), **options)
        finally:
            os.close(writing)
        answer = self.next(frames.STARTED, frames.REFUSED)
        assert answer.op == frames.STARTED, answer.fields
        answer.close()
        with os.fdopen(reading) as stream:
            text = stream.read()
        self.exit()
        return text

    def close(self) -> None:
        """End the connection."""
        for frame in self.early:
            frame.close()
        self.reader.close()
        self.socket.close()
        with contextlib.suppress(OSError):
            os.close(self.null)


class Keeper:
    """A keeper that runs, and the connections that were made to it."""

    def __init__(self, folder: Path, *, home: str = "", start: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.home = home
        self.start = start
        self.controllers: list[Controller] = []
        self.process: subprocess.Popen[bytes]

    @property
    def journal(self) -> Path:
        """Where a durable one keeps its exits."""
        return self.folder / "exits.journal"

    @property
    def pid(self) -> int:
        """The keeper's own."""
        return self.process.pid

    def attached(self, grace_s: float = 1.0) -> Controller:
        """Start one that ends with us."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._launch("attached", theirs.fileno(), f"{grace_s}")
        return self._greeted(ours)

    def durable(self) -> Controller:
        """Start one that waits for controllers."""
        path = self.folder / "keeper.sock"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.fspath(path))
            listener.listen()
            self._launch("durable", listener.fileno(), os.fspath(self.journal))
        return self.connect()

    def connect(self) -> Controller:
        """Connect, and read the greeting into `told`."""
        return self._greeted(self._open())

    def connect_raw(self) -> Controller:
        """Connect, and leave the greeting to be read."""
        self.controllers.append(Controller(self._open()))
        return self.controllers[-1]

    def _open(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(os.fspath(self.folder / "keeper.sock"))
        except OSError:
            connection.close()
            raise
        return connection

    def wait(self) -> int:
        """Wait for its end."""
        return self.process.wait(LIMIT_S)

    def end(self) -> None:
        """End it as its host's end would, or hard, with all that came from it."""
        for controller in self.controllers:
            controller.close()
        if not hasattr(self, "process"):
            return
        if self.process.poll() is None and not self._shut_down():
            self.process.kill()
        self.process.wait()

    def _shut_down(self) -> bool:
        try:
            with contextlib.suppress(OSError):
                self.connect().ask(frames.SHUTDOWN, 0, b"0")
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            return False
        finally:
            for controller in self.controllers:
                controller.close()
        return True

    def _launch(self, mode: str, fd: int, setting: str) -> None:
        argv = [*self.start, sys.executable, "-I", "-S", PROGRAM, mode, f"{fd}", setting, self.home]
        self.process = subprocess.Popen(argv, pass_fds=[fd])

    def _greeted(self, connection: socket.socket) -> Controller:
        controller = Controller(connection)
        self.controllers.append(controller)
        controller.told = controller.greeting()
        return controller


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """A keeper without leaves, not started yet."""
    keeper = Keeper(tmp_path)
    yield keeper
    keeper.end()


@pytest.fixture
def make_keeper(tmp_path: Path) -> Iterator[Callable[..., Keeper]]:
    """To make keepers that are started in another way."""
    made: list[Keeper] = []

    def make(**options) -> Keeper:
        folder = tmp_path / f"{len(made)}"
        folder.mkdir()
        made.append(Keeper(folder, **options))
        return made[-1]

    yield make
    for keeper in made:
        keeper.end()


@pytest.fixture
def leaf() -> Iterator[cgroup.Leaf]:
    """An empty control group, removed afterwards; without a writable hierarchy the test is skipped."""
    base = find_base()
    if base is None:
        pytest.skip("no control group is writable here")
    leaf = base.take_leaf()
    yield leaf
    if os.path.exists(leaf.path):
        leaf.thaw()
        leaf.kill()
        settle(lambda: not leaf.is_populated())
        base.give_back(leaf)


@pytest.fixture
def home_procs() -> str:
    """The way back for a keeper that steps into leaves."""
    return f"{cgroup.find_home()}/cgroup.procs"


def settle(predicate: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Look until it is true: of what nothing announces."""
    deadline = time.monotonic() + timeout_s
    while not predicate():
        assert time.monotonic() < deadline, "still not true"
        time.sleep(0.002)


def wait_gone(pid: int, timeout_s: float = 20.0) -> None:
    """Wait until no process has the number, or a zombie that somebody else is to reap."""
    with contextlib.suppress(ProcessLookupError):
        pidfd = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            assert poll.poll(timeout_s * 1000), f"{pid} is still there"
        finally:
            os.close(pidfd)


def end_hard(pid: int) -> None:
    """Kill -9."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def tools() -> type:
    """The small helpers above, for tests: fixtures are the way to them, as tests are no package."""

    class Tools:
        wait_gone = staticmethod(wait_gone)
        settle = staticmethod(settle)
        end_hard = staticmethod(end_hard)

    return Tools
