"""A home whose daemons die and come again, and what must hold of its tasks whenever they do."""

import contextlib
import hashlib
import json
import os
import re
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from procession.client.client import Client
from procession.kernel import cgroup, proc
from procession.model.task import Task, task

LIMIT_S = 30.0
DAEMON = ("-m", "procession", "daemon", "run")
ONCE = ("started", "exited", "closed", "ended")


class Numbered(NamedTuple):
    """What a task of `Work` prints, and how it ends."""

    name: str
    lines: int
    code: int

    def printed(self, stream: str) -> str:
        """Give all that must stand in its log."""
        return "".join(f"{self.name} {stream} {number}\n" for number in range(self.lines))


class House:
    """One home and its daemons, one after the other; they are children of the test."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self.configure()
        self.environment = environment | {"PROCESSION_HOME": str(self.home), "NOTIFY_SOCKET": str(folder / "notify")}
        self.log = folder / "daemon.log"
        self.daemon: subprocess.Popen[bytes] | None = None
        self._ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._ready.bind(str(folder / "notify"))

    # --- its daemon ---------------------------------------------------------------------------------------------------

    def configure(self, pool: str = "", rest: str = "") -> None:
        """Write the configuration of the daemons to come: what else this machine does shall not matter."""
        (self.home / "config.toml").write_text(f'[pool]\npolicy = "fixed"\n{pool}\n{rest}')

    def begin(self, *program: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a daemon; who waits until it answers is `wait_ready`."""
        with contextlib.suppress(BlockingIOError):
            while self._ready.recv(4096):
                pass
        argv = [sys.executable, *(program or DAEMON)]
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen(
                argv, env=self.environment | environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self.daemon

    def wait_ready(self) -> bool:
        """Whether the daemon came to answer, and did not end before."""
        assert self.daemon is not None
        deadline = time.monotonic() + LIMIT_S
        with opened(self.daemon.pid) as ended:
            while time.monotonic() < deadline:
                heard, _, _ = select.select([self._ready, ended], [], [], 1)
                if self._ready in heard and b"READY=1" in self._ready.recv(4096).split(b"\n"):
                    return True
                if ended in heard:
                    return False
        pytest.fail("the daemon was not ready in time")

    def start(self, *program: str, **environment: str) -> int:
        """Start a daemon that answers; give its pid."""
        daemon = self.begin(*program, **environment)
        assert self.wait_ready(), self.log.read_text()
        return daemon.pid

    def kill(self) -> None:
        """Kill -9 the daemon."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()

    def wait_killed(self, limit_s: float = LIMIT_S) -> None:
        """Wait until the daemon has killed itself."""
        assert self.daemon is not None
        assert self.daemon.wait(limit_s) == -signal.SIGKILL, self.log.read_text()

    def wait_end(self, limit_s: float) -> bool:
        """Whether the daemon ends within so long."""
        assert self.daemon is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.daemon.wait(limit_s)
        return self.daemon.returncode is not None

    def client(self) -> Client:
        """Give somebody who is patient with daemons that die."""
        return Client(f"{self.home}/run/api.sock", patience_s=LIMIT_S)

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def keeper(self) -> int:
        """The keeper's pid."""
        with self.client() as client:
            pid = client.status().keeper_pid
        assert pid is not None
        return pid

    @property
    def group(self) -> Path:
        """The directory of its control groups; the test is skipped where there is none."""
        found = cgroup.find_home()
        if found is None:
            pytest.skip("no control group is to be seen here")
        return Path(found) / f"procession-d{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]}"

    def ask(self, question: str, *values: object) -> list[Any]:
        """Ask the store."""
        with contextlib.closing(sqlite3.connect(f"{self.home}/store.db")) as connection:
            return connection.execute(question, values).fetchall()

    def tell(self, statement: str, *values: object) -> None:
        """Change the store, while no daemon has it."""
        with contextlib.closing(sqlite3.connect(f"{self.home}/store.db")) as connection, connection:
            connection.execute(statement, values)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give what is recorded of a task."""
        return [json.loads(body) for (body,) in self.ask("SELECT body FROM event WHERE task = ? ORDER BY seq", name)]

    def log_of(self, name: str, stream: str = "stdout") -> str:
        """Give what a task printed."""
        return (self.home / "logs" / name / stream).read_text()

    # --- its end ------------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """End everything as a user would; nothing of it may be left."""
        if self.daemon is None:
            return
        if self.daemon.poll() is not None:
            self.start()
        keeper = self.keeper
        with self.client() as client:
            client.shutdown(kill=True)
        assert self.daemon.wait(LIMIT_S) == 0, self.log.read_text()
        wait_gone(keeper)
        assert not self.group.exists(), list(self.group.iterdir())

    def demolish(self) -> None:
        """End whatever may be left, hard; after a test that failed there may be several keepers."""
        self._ready.close()
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
        for keeper in keepers_of(self):
            os.kill(keeper, signal.SIGKILL)
        with contextlib.suppress(OSError, pytest.skip.Exception):
            cgroup.Leaf(str(self.group)).kill()
            settle(lambda: not cgroup.Leaf(str(self.group)).is_populated())
            cgroup.remove_group(str(self.group))


class Work:
    """Numbered tasks, and what must be true when all are over."""

    def __init__(self, house: House, children: Path) -> None:
        self.house = house
        self.ran = house.home.parent / "ran"
        self.all: list[Numbered] = []
        self._program = children / "numbers_lines.sh"

    def make(self, count: int, *, lines: int, pause_s: float = 0) -> list[Task]:
        """Make so many further ones; each ends with its number modulo 256."""
        made = []
        for number in range(len(self.all) + 1, len(self.all) + count + 1):
            each = Numbered(f"n{number}", lines, number % 256)
            self.all.append(each)
            argv = ["sh", self._program, each.name, str(each.code), str(lines), str(pause_s or 0), self.ran]
            made.append(task(argv, name=each.name))
        return made

    def ran_so_far(self) -> list[str]:
        """Give the name and pid of each that has begun."""
        return self.ran.read_text().splitlines() if self.ran.exists() else []

    def wait_begun(self, count: int) -> None:
        """Wait until so many have begun."""
        settle(lambda: len(self.ran_so_far()) >= count)

    def check(self) -> None:
        """All ended as they should, having run once and printed every byte in order; the records say so, too."""
        house = self.house
        with house.client() as client:
            views = {view.id: view for view in client.list(all_tasks=True, limit=len(self.all) + 1)}
        assert {name: view.outcome and view.outcome.code for name, view in views.items()} == {
            each.name: each.code for each in self.all
        }
        assert sorted(self.ran_so_far()) == sorted(f"{id_} {view.pid}" for id_, view in views.items())
        for each in self.all:
            for stream in ("out", "err"):
                assert house.log_of(each.name, f"std{stream}") == each.printed(stream), (each.name, stream)
            told = Counter(event["event"] for event in house.events(each.name))
            assert [told[name] for name in ONCE] == [1] * len(ONCE), (each.name, house.events(each.name))
        assert house.ask("SELECT DISTINCT phase FROM attempt") == [("over",)]
        assert children_of(house.keeper) == []
        assert not cgroup.Leaf(str(house.group)).is_populated()
        settle(lambda: (house.home / "exits.journal").stat().st_size == 0)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A home without a daemon yet; afterwards it must come to an orderly end."""
    for name in ("XDG_RUNTIME_DIR", "NOTIFY_SOCKET", "PROCESSION_CGROUP"):
        monkeypatch.delenv(name, raising=False)
    house = House(tmp_path, dict(os.environ))
    try:
        yield house
        house.end()
    finally:
        house.demolish()


@pytest.fixture
def work(house: House, children: Path) -> Work:
    """Numbered tasks for the house."""
    return Work(house, children)


@pytest.fixture
def dying(children: Path) -> Callable[[str, int], tuple[str, ...]]:
    """To be called with a point and a count: the arguments of a daemon that kills itself there."""
    return lambda point, count: (str(children / "daemon_that_dies.py"), point, str(count))


@pytest.fixture
def tools() -> type:
    """The small helpers of this room: fixtures are the way to them, as tests are no package."""

    class Tools:
        children_of = staticmethod(children_of)
        count_descriptors = staticmethod(count_descriptors)
        keepers = staticmethod(keepers_of)
        lose_everything = staticmethod(lose_everything)
        settle = staticmethod(settle)
        wait_gone = staticmethod(wait_gone)

    return Tools


@contextlib.contextmanager
def opened(pid: int) -> Iterator[int]:
    """Give a descriptor of a process, inside the block."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def wait_gone(pid: int, limit_s: float = LIMIT_S) -> None:
    """Wait until nobody runs as ``pid``."""
    with contextlib.suppress(ProcessLookupError), opened(pid) as ended:
        assert select.select([ended], [], [], limit_s)[0], f"{pid} is still there"


def lose_everything(house: House, *members: int) -> None:
    """Kill -9 the daemon, the keeper and ``members``, at once, as the loss of power does."""
    keeper = house.keeper
    house.kill()
    for pid in (keeper, *members):
        os.kill(pid, signal.SIGKILL)
    for pid in (keeper, *members):
        wait_gone(pid)


def children_of(pid: int) -> list[int]:
    """Give the children of a process, zombies among them."""
    return [stat.pid for stat in proc.scan_stats() if stat.ppid == pid]


def keepers_of(house: House) -> list[int]:
    """Give the pids of all keepers of a house, found without asking anybody."""
    journal = f"{house.home}/exits.journal"
    return [stat.pid for stat in proc.scan_stats() if journal in map(os.fsdecode, proc.read_arguments(stat.pid))]


def count_descriptors(pid: int) -> int:
    """Count the descriptors a process has open, but not those of the pool of control groups, which is bounded."""
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    pooled = [link for link in links if re.search(r"/t\d+/cgroup\.", link)]
    assert len(pooled) <= 3 * 64
    return len(links) - len(pooled)


def settle(predicate: Callable[[], Any], limit_s: float = LIMIT_S) -> Any:
    """Look until it is true: of what nothing announces. Give it."""
    deadline = time.monotonic() + limit_s
    while not (found := predicate()):
        assert time.monotonic() < deadline, "still not true"
        time.sleep(0.005)
    return found
