"""A scripted launcher and a clock that tests move: tasks without processes, ten minutes without waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from types import SimpleNamespace
from typing import Any, Self

import pytest

from procession.errors import AlreadyEnded
from procession.kernel.process_table import Root
from procession.model.command import Command
from procession.model.event import Closed, Event, Exited, Resumed, Signalled, Stopping, Suspended, TreeEmpty
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.record import TreeMark
from procession.model.usage import TreeUsage
from procession.policy.admission import FixedLimit, Use
from procession.supervisor.supervisor import Supervisor

SUCCEEDED = Outcome(kind=OutcomeKind.SUCCEEDED, code=0, message="exited with code 0")
FAILED = Outcome(kind=OutcomeKind.FAILED, code=1, message="exited with code 1")


class ManualClock:
    """Stands still until it is moved; timers fire while it moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[ManualTimer] = []

    def time(self) -> float:
        """Tell where it was moved to."""
        return self.now

    def monotonic(self) -> float:
        """Tell the same: nobody sets this clock."""
        return self.now

    def call_later(self, delay_s: float, callback: Callable[[], None], /) -> "ManualTimer":
        """Keep the call until the clock is moved there."""
        timer = ManualTimer(self.now + delay_s, callback)
        self.timers.append(timer)
        return timer

    def move(self, seconds: float) -> None:
        """Let time pass, and whatever falls due happen."""
        self.now += seconds
        for timer in [each for each in self.timers if each.due <= self.now]:
            self.timers.remove(timer)
            if not timer.is_cancelled:
                timer.callback()


class ManualTimer:
    """One call that is due."""

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        """Forget it."""
        self.is_cancelled = True


class ScriptedPipe:
    """Gives what a test puts in; empty bytes are its end."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.pieces.get():
            yield piece


class ScriptedProcess:
    """Does what a test tells it, and what a well-behaved process would when it is signalled."""

    def __init__(
        self, command: Command, pid: int, clock: ManualClock, on_start: Callable[["ScriptedProcess"], None]
    ) -> None:
        self.command = command
        self.pid = pid
        self.started_at = clock.time()
        self.outcome: Outcome | None = None
        self.pipes = {"stdout": ScriptedPipe(), "stderr": ScriptedPipe()}
        self._clock = clock
        self._on_start = on_start
        self._over = asyncio.Event()
        self._callbacks: list[Callable[[Event], None]] = []
        self.ignores_stop = False
        self.insisted = asyncio.Event()
        self.was_killed = False
        self.signals: list[int] = []
        self.notices = SimpleNamespace(store=None)
        self.tree_mark = TreeMark()

    async def __aenter__(self) -> Self:
        self._on_start(self)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.finish(Outcome(kind=OutcomeKind.CANCELLED, signal=15, stopped_by="cancel", message="ended with its block"))
        self.tell(TreeEmpty(at=self._clock.time()))

    def finish(self, outcome: Outcome = SUCCEEDED) -> None:
        """End, once."""
        if self.outcome is None:
            self.outcome = outcome
            for pipe in self.pipes.values():
                pipe.pieces.put_nowait(b"")
            self.tell(Exited(at=self._clock.time(), code=outcome.code, signal=outcome.signal))
            self.tell(Closed(at=self._clock.time(), outcome=outcome))
            self._over.set()
            self.insisted.set()

    def tell(self, event: Event) -> None:
        """Tell an event."""
        for callback in list(self._callbacks):
            callback(event)

    def subscribe(self, callback: Callable[[Event], None], /) -> Callable[[], None]:
        """Tell a callback from now on."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def wait(self) -> Outcome:
        """Wait for the end."""
        await self._over.wait()
        assert self.outcome is not None
        return self.outcome

    @property
    def stdout(self) -> "ScriptedPipe":
        """Give its output."""
        return self.pipes["stdout"]

    @property
    def stderr(self) -> "ScriptedPipe":
        """Give its errors."""
        return self.pipes["stderr"]

    def print(self, data: bytes, stream: str = "stdout") -> None:
        """Put out a piece."""
        self.pipes[stream].pieces.put_nowait(data)

    async def terminate(self, grace_s: float | None = None, *, by: str = "user") -> None:  # noqa: ARG002 - the seam
        """End politely, unless the test wants otherwise."""
        self._check_alive()
        self.tell(Stopping(at=self._clock.time(), by=by))
        if self.ignores_stop:
            await self.insisted.wait()
        await asyncio.sleep(0)
        self.finish(Outcome(kind=OutcomeKind.STOPPED, signal=15, stopped_by=by, message=f"stopped by {by}"))

    def stop_for_time_out(self) -> None:
        """Tell what a process tells when its own time is up, and end for it a little later."""
        self.tell(Stopping(at=self._clock.time(), by="timeout"))
        timed_out = Outcome(kind=OutcomeKind.TIMED_OUT, signal=15, stopped_by="timeout", message="its time was up")
        asyncio.get_running_loop().call_later(0.001, self.finish, timed_out)

    async def kill(self, *, by: str = "user") -> None:
        """End at once."""
        self._check_alive()
        self.was_killed = True
        self.tell(Stopping(at=self._clock.time(), by=by))
        self.finish(Outcome(kind=OutcomeKind.STOPPED, signal=9, stopped_by=by, forced=True, message="killed"))

    async def suspend(self) -> None:
        """Pause."""
        self._check_alive()
        self.tell(Suspended(at=self._clock.time()))

    async def resume(self) -> None:
        """Run on."""
        self._check_alive()
        self.tell(Resumed(at=self._clock.time()))

    def send_signal(self, signal: int, /, *, scope: str = "leader") -> None:
        """Remember the signal."""
        self._check_alive()
        self.signals.append(signal)
        self.tell(Signalled(at=self._clock.time(), signal=signal, signal_name=str(signal), scope=scope))

    def _check_alive(self) -> None:
        if self.outcome is not None:
            raise AlreadyEnded("it has ended", pid=self.pid)


class HangingStart:
    """A start that takes until it is let through."""

    def __init__(self, process: ScriptedProcess, gate: asyncio.Event) -> None:
        self._process = process
        self._gate = gate

    async def __aenter__(self) -> ScriptedProcess:
        await self._gate.wait()
        return await self._process.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        await self._process.__aexit__(*error)


class ScriptedLauncher:
    """Starts `ScriptedProcess`es. ``script`` says per command: an outcome at once, an error to raise, or None: runs."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.script: Callable[[Command], Outcome | Exception | None] = lambda _command: None
        self.processes: list[ScriptedProcess] = []
        self.gate: asyncio.Event | None = None

    def __call__(self, command: Command, /) -> Any:
        """Give what the script says."""
        result = self.script(command)
        if isinstance(result, Exception):
            raise result
        process = ScriptedProcess(command, 10_000 + len(self.processes), self._clock, self.processes.append)
        if result is not None:
            asyncio.get_running_loop().call_soon(process.finish, result)
        return process if self.gate is None else HangingStart(process, self.gate)

    def of(self, program: str) -> ScriptedProcess:
        """Find the latest process of a program."""
        return [each for each in self.processes if each.command.argv[0] == program][-1]

    @property
    def living(self) -> list[ScriptedProcess]:
        """Give the processes that have not ended."""
        return [each for each in self.processes if each.outcome is None]


class ScriptedSampler:
    """Says that each tree uses what a test says: as much CPU time in each second, and so many bytes."""

    def __init__(self) -> None:
        self.pids: dict[str, tuple[int, ...]] = {}
        self.cpus: dict[str, float] = {}
        self.memory_bytes: dict[str, int] = {}
        self.is_closed = False

    def sample(self, roots: Mapping[str, Root], at: float, now_s: float) -> dict[str, TreeUsage]:
        """Give what each uses."""
        return {
            key: TreeUsage(
                at=at,
                processes=1,
                threads=1,
                memory_bytes=self.memory_bytes.get(key, 1000),
                cpu_s=self.cpus.get(key, 0.0) * now_s,
                cpus=self.cpus.get(key, 0.0),
            )
            for key in roots
        }

    def peek(self, roots: Mapping[str, Root], now_s: float) -> dict[str, Use]:  # noqa: ARG002 - the port's
        """Give what each uses, and no more."""
        return {key: Use(self.memory_bytes.get(key, 1000), self.cpus.get(key, 0.0)) for key in roots}

    def forget(self, key: str) -> None:
        """Forget it."""
        self.pids.pop(key, None)

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True


class Stage:
    """A supervisor with everything around it in the test's hands, and all that it told."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.launcher = ScriptedLauncher(self.clock)
        self.sampler = ScriptedSampler()
        figures = {name: options.pop(name) for name in ("hard_limit", "soft_limit") if name in options}
        options = {"random": lambda: 1.0, "sampler": self.sampler, "admission": FixedLimit(**figures)} | options
        self.supervisor = Supervisor(launcher=self.launcher, clock=self.clock, **options)
        self.events: list[Event] = []
        self.errors: list[dict[str, Any]] = []
        self.supervisor.subscribe(self.events.append)

    def names(self, task: str) -> list[str]:
        """Give the words of all events about a task."""
        return [event.name for event in self.events if event.task == task]

    def state(self, task: str) -> str:
        """Give a task's state in one word."""
        return self.supervisor.get(task).state.value

    async def settle(self) -> None:
        """Let everything happen that can happen without time or processes moving."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass second by second, and everything that follows happen."""
        for _ in range(int(seconds)):
            self.clock.move(1.0)
        await self.settle()

    async def finish(self, program: str, outcome: Outcome = SUCCEEDED) -> None:
        """End the latest process of a program, and let everything follow from it."""
        self.launcher.of(program).finish(outcome)
        await self.settle()

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: self.errors.append(context))
        await self.supervisor.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.supervisor.__aexit__(*error)
        assert not self.errors


@pytest.fixture
def stage() -> Callable[..., Stage]:
    """Give the way to a supervisor whose clock and processes are in the test's hands."""
    return Stage


@pytest.fixture
def succeeded() -> Outcome:
    """Give an end with code 0."""
    return SUCCEEDED


@pytest.fixture
def failed() -> Outcome:
    """Give an end with code 1."""
    return FAILED
