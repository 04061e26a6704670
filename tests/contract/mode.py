"""The port: what a test may ask of whoever runs its tasks. Its three implementations stand beside it."""

import asyncio
import contextlib
import os
import time
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from procession.model.task import Task, task
from procession.model.view import TaskView

MARKER = "CONTRACT_TASK"
LIMIT_S = 20.0
SETTLING_S = 3.0


class Fact(NamedTuple):
    """An event, as every mode can tell it."""

    name: str
    at: float
    values: dict[str, Any]


class Mode(ABC):
    """What a test may ask, whoever runs its tasks. ``parent`` is the pid of who forks and reaps them."""

    name: str
    parent: int

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ids: list[str] = []
        self._mark = uuid.uuid4().hex
        self._markers: dict[str, str] = {}
        self._descriptors: dict[int, Counter[str]] = {}

    async def __aenter__(self) -> Self:
        await self.open()
        self._descriptors = {pid: descriptors_of(pid) for pid in self.servants()}
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        unfinished = [id_ for id_ in self.ids if not (await self.get(id_)).is_over]
        for id_ in unfinished:
            await self.kill(id_)
        await self.hang_up()
        left = await self._settled()
        await self.close()
        if kind is None:
            assert (unfinished, left) == ([], [])

    async def submit(self, work: Any, /, **fields: Any) -> str:
        """Hand over a task, marked so that its processes are found whatever becomes of them."""
        given = task(work, **fields)
        marker = f"{self._mark}.{len(self._markers)}"
        marked = given.command.replace(env={**given.command.env, MARKER: marker})
        id_ = await self.accept(msgspec.structs.replace(given, command=marked))
        self.ids.append(id_)
        self._markers[id_] = marker
        return id_

    async def run(self, work: Any, /, **fields: Any) -> TaskView:
        """Hand over a task and wait until it is over."""
        return await self.wait(await self.submit(work, **fields))

    async def when(self, id_: str, is_so: Callable[[TaskView], Any]) -> TaskView:
        """Wait until a task is as wanted."""
        async with asyncio.timeout(LIMIT_S):
            while not is_so(view := await self.get(id_)):
                await asyncio.sleep(0.01)
        return view

    async def when_printed(self, id_: str, text: bytes = b"\n") -> bytes:
        """Wait until a task has printed this and is known to have started; give all that it has printed."""
        await self.when(id_, lambda view: view.pid is not None)
        async with asyncio.timeout(LIMIT_S):
            while text not in (printed := await self.stdout(id_)):
                await asyncio.sleep(0.01)
        return printed

    def members(self, id_: str | None = None) -> list[int]:
        """List the living processes of a task (of all), by what it has in its environment."""
        wanted = f"{MARKER}={self._markers[id_] if id_ else self._mark}".encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(each == wanted or (id_ is None and each.startswith(wanted)) for each in environment):
                found.append(int(pid))
        return found

    def servants(self) -> list[int]:
        """Give the pids of those who must hold nothing afterwards that they did not hold before."""
        return []

    async def _settled(self) -> list[str]:
        deadline = time.monotonic() + SETTLING_S
        while (left := self._left()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return left

    def _left(self) -> list[str]:
        left = [f"process {pid}" for pid in self.members()]
        for pid in self.servants():
            more = descriptors_of(pid) - self._descriptors.get(pid, descriptors_of(pid))
            # SQLite keeps one that it may not close yet, and takes it again: docs of its unix locking
            left += [f"descriptor of {pid} -> {each}" for each in more.elements() if not each.endswith("/store.db")]
        if self.parent in self.servants():
            left += [f"child {pid}" for pid in children_of(self.parent)]
        return left

    @abstractmethod
    async def hang_up(self) -> None:
        """Ask nothing more."""

    @abstractmethod
    async def open(self) -> None:
        """Be ready to take tasks."""

    @abstractmethod
    async def close(self) -> None:
        """Take no more."""

    @abstractmethod
    async def accept(self, given: Task) -> str:
        """Take a task; give its id."""

    @abstractmethod
    async def get(self, id_: str) -> TaskView:
        """Show it."""

    @abstractmethod
    async def wait(self, id_: str) -> TaskView:
        """Show it once it is over."""

    @abstractmethod
    async def stop(self, id_: str, grace_s: float | None = None) -> TaskView:
        """Stop it."""

    @abstractmethod
    async def stop_all(self) -> None:
        """Stop every task."""

    @abstractmethod
    async def kill(self, id_: str) -> TaskView:
        """Kill it."""

    @abstractmethod
    async def signal(self, id_: str, signal: str | int, scope: Any = "leader") -> TaskView:
        """Signal it."""

    @abstractmethod
    async def suspend(self, id_: str) -> TaskView:
        """Pause it."""

    @abstractmethod
    async def resume(self, id_: str) -> TaskView:
        """Let it run on."""

    @abstractmethod
    async def retry(self, id_: str) -> TaskView:
        """Begin it anew."""

    @abstractmethod
    async def write_input(self, id_: str, data: bytes, *, end: bool = False) -> None:
        """Write to its input."""

    @abstractmethod
    async def send(self, id_: str, message: Any) -> None:
        """Send it a message."""

    @abstractmethod
    async def request(self, id_: str, message: Any, timeout_s: float | None = None) -> Any:
        """Ask it."""

    @abstractmethod
    async def wait_ready(self, id_: str) -> TaskView:
        """Show it once it is ready."""

    @abstractmethod
    async def stdout(self, id_: str) -> bytes:
        """Give what it has printed."""

    @abstractmethod
    async def stderr(self, id_: str) -> bytes:
        """Give what it has printed as errors."""

    @abstractmethod
    async def facts(self, id_: str) -> list[Fact]:
        """Give what has happened to it, in order."""


def descriptors_of(pid: int) -> Counter[str]:
    """Say what they lead to, sockets and pipes without their numbers; nothing of one that is gone."""
    found: Counter[str] = Counter()
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found[os.readlink(f"/proc/{pid}/fd/{fd}").partition("[")[0]] += 1
    return found


def children_of(pid: int) -> list[str]:
    """List them."""
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
