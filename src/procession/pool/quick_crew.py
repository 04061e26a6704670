"""A crew for an admission that only counts: each job is a process and nothing else, so that a trivial one costs little.

The rules are those of the supervisor (order, admission, retry, what a wish means for an outcome), by the same functions
of `procession.policy`; what it has beside them (dependencies, readiness, events, looks at what is used) is not needed.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

from procession.errors import StartError, UnknownTask, UsageError
from procession.model.outcome import Outcome, OutcomeKind
from procession.policy.admission import Hold, Newcomer, Queued
from procession.policy.retry import WHOLE, retry_delay_s, shall_retry
from procession.pool.crew import AHEAD
from procession.pool.job import End
from procession.pool.slots import Slots
from procession.process.spawn import spawn
from procession.streams.output import PipeOutput
from procession.supervisor.acting import finish_uninterrupted
from procession.supervisor.endings import broken, interrupted, never_ran, wished
from procession.supervisor.reading import UNREAD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from procession.policy.admission import Admission
    from procession.pool.job import Job
    from procession.process.process import Process
    from procession.supervisor.launcher import Launcher


class _Seat:
    """What is held for one job. number: its place in the order of age, which a retry keeps."""

    __slots__ = (
        "job",
        "last",
        "number",
        "over",
        "pid",
        "process",
        "retries_used",
        "runner",
        "started_at",
        "timer",
        "wish",
    )

    def __init__(self, job: Job, number: int) -> None:
        self.job = job
        self.number = number
        self.retries_used = 0
        self.wish: str | None = None
        self.process: Process | None = None
        self.runner: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.last: Outcome | None = None
        self.pid: int | None = None
        self.started_at: float | None = None
        self.over: asyncio.Future[None] | None = None


class QuickCrew:
    """A crew whose jobs are processes: see `Crew`."""

    def __init__(
        self,
        admission: Admission,
        launcher: Launcher | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._admission = admission
        self._launcher = launcher or spawn
        self._on_change = on_change
        self._seats: dict[str, _Seat] = {}
        self._ready: list[tuple[tuple[int, int], str]] = []
        self._queued: set[str] = set()
        self._numbers = 0
        self._slots = Slots()
        self._is_filling = self._is_draining = False
        self._room = asyncio.Event()
        self._room.set()

    async def __aenter__(self) -> Self:
        """Begin to take jobs."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop all that is left; cancelling this insists."""
        try:
            await self.stop_all(by="shutdown")
        except BaseException:
            await finish_uninterrupted(self.kill_all(by="shutdown"))
            raise

    # --- jobs --------------------------------------------------------------------------------------------------------

    def submit(self, job: Job) -> None:
        """Have it run as soon as it may."""
        self._numbers += 1
        job.id = f"t{self._numbers}"
        self._seats[job.id] = _Seat(job, self._numbers)
        self._enqueue(job.id)

    @property
    def has_room(self) -> bool:
        """Whether it makes sense to bring one more now."""
        return len(self._queued) < AHEAD

    async def wait_for_room(self) -> None:
        """Wait until it makes sense to bring one more."""
        while not self.has_room:
            self._room.clear()
            await self._room.wait()

    @property
    def unfinished(self) -> int:
        """How many have not ended."""
        return len(self._seats)

    def running(self) -> list[str]:
        """Give the ids of those that have started."""
        return [id_ for id_, seat in self._seats.items() if seat.runner is not None]

    # --- acts --------------------------------------------------------------------------------------------------------

    async def stop(self, id: str, by: str = "user") -> None:  # noqa: A002 - the field's own name
        """Ask one to end, insist after its grace; return when nothing of it is left."""
        await self._end(id, by, lambda process: process.terminate(by=by))

    def start_no_more(self) -> None:
        """Start nobody else, from this moment on."""
        self._is_draining = True

    async def withdraw_queued(self, by: str = "user") -> None:
        """End all that wait."""
        for id_ in [id_ for id_, seat in self._seats.items() if seat.runner is None]:
            await self.stop(id_, by)

    async def stop_all(self, by: str = "user") -> None:
        """Ask all to end, insist after their graces; return when nothing is left."""
        await asyncio.gather(*(self.stop(id_, by) for id_ in self._all()))

    async def kill_all(self, by: str = "user") -> None:
        """Kill all; return when nothing is left."""
        await asyncio.gather(*(self._end(id_, by, lambda process: process.kill(by=by)) for id_ in self._all()))

    async def suspend(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Pause one. Raises: AlreadyEnded, UsageError, UnknownTask."""
        await self._process_of(id).suspend()

    async def resume(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Let one run on. Raises: AlreadyEnded, UsageError, UnknownTask."""
        await self._process_of(id).resume()

    def _all(self) -> list[str]:
        """Give those that wait first: no end of another may make room for them."""
        return sorted(self._seats, key=lambda id_: id_ not in self._queued)

    async def _end(self, id_: str, by: str, act: Callable[[Process], Awaitable[object]]) -> None:
        seat = self._seats.get(id_)
        if seat is None:
            return
        seat.wish = seat.wish or by
        if seat.runner is None:
            self._finish(seat, never_ran(by, seat.last))
            return
        if seat.process is None:
            seat.runner.cancel()
            seat.runner.add_done_callback(partial(self._close_unbegun, seat))
        else:
            await act(seat.process)
        while id_ in self._seats:
            if seat.over is None:
                seat.over = asyncio.get_running_loop().create_future()
            await asyncio.shield(seat.over)

    def _process_of(self, id_: str) -> Process:
        seat = self._seats.get(id_)
        if seat is None:
            raise UnknownTask(id_)
        if seat.process is None:
            raise UsageError(f"task {id_} does not run", task=id_)
        return seat.process

    # --- decide ------------------------------------------------------------------------------------------------------

    def _enqueue(self, id_: str) -> None:
        seat = self._seats[id_]
        self._queued.add(id_)
        heapq.heappush(self._ready, ((-seat.job.task.priority, seat.number), id_))
        self._fill_soon()

    def _fill_soon(self) -> None:
        if not self._is_filling:
            self._is_filling = True
            asyncio.get_running_loop().call_soon(self._fill)

    def _fill(self) -> None:
        """Start whom the admission lets, in their order: one that only counts lets somebody else no sooner."""
        self._is_filling = False
        while self._ready and not self._is_draining:
            seat = self._seats.get(self._ready[0][1])
            if seat is None or seat.job.id not in self._queued:
                heapq.heappop(self._ready)
                continue
            now, need = time.monotonic(), seat.job.task.need
            if isinstance(self._admission.choose((Queued(seat.job.id, "", need, seat.number),), UNREAD, now), Hold):
                break
            heapq.heappop(self._ready)
            self._admission.begin(Newcomer(seat.job.id, "", need, seat.number), now)
            self._start(seat)
        if self.has_room:
            self._room.set()

    # --- run ---------------------------------------------------------------------------------------------------------

    def _start(self, seat: _Seat) -> None:
        self._queued.discard(seat.job.id)
        seat.job.slot = self._slots.take()
        seat.runner = asyncio.get_running_loop().create_task(self._run(seat))
        self._tell_change()

    async def _run(self, seat: _Seat) -> None:
        try:
            outcome = await self._attempt(seat)
        except StartError as error:
            outcome = Outcome(kind=OutcomeKind.FAILED_TO_START, message=str(error), error_code=error.code)
        except asyncio.CancelledError:
            outcome = interrupted(seat.wish, seat.process.outcome if seat.process else None)
        except Exception as error:  # noqa: BLE001 - our own failure is an end that nobody knows, never a silence
            outcome = broken(error)
        self._close_attempt(seat, outcome)

    async def _attempt(self, seat: _Seat) -> Outcome:
        block = cast("AbstractAsyncContextManager[Process]", self._launcher(seat.job.begin()))
        async with block as process:
            seat.process = process
            seat.pid, seat.started_at = process.pid, process.started_at
            for output in {id(each): each for each in process.outputs.values()}.values():
                if isinstance(output, PipeOutput):
                    output.reader.drain_into(_Sink(seat.job, output.name))
            outcome = await process.wait()
        return wished(seat.wish, outcome)

    def _close_unbegun(self, seat: _Seat, runner: asyncio.Task[None]) -> None:
        """Close what was cancelled before its first step: nobody else does."""
        if runner.cancelled():
            self._close_attempt(seat, interrupted(seat.wish, None))

    def _close_attempt(self, seat: _Seat, outcome: Outcome) -> None:
        self._admission.end(seat.job.id, time.monotonic(), cut_short=outcome.kind not in WHOLE)
        seat.job.leave(outcome)
        self._slots.give_back(seat.job.slot)
        seat.process = None
        self._fill() if outcome.ok else self._fill_soon()  # whoever hears of a failure may want nobody else to start
        if seat.wish is None and shall_retry(seat.job.task, seat.retries_used, outcome):
            seat.runner = None
            seat.retries_used += 1
            seat.last = outcome
            delay_s = retry_delay_s(seat.job.task, seat.retries_used, random.random())  # noqa: S311 - no secret
            seat.timer = asyncio.get_running_loop().call_later(delay_s, self._enqueue, seat.job.id)
        elif outcome.ok:  # after whoever takes its place: what is done about it must not keep a processor waiting
            asyncio.get_running_loop().call_soon(self._finish, seat, outcome)
        else:
            self._finish(seat, outcome)

    def _finish(self, seat: _Seat, outcome: Outcome) -> None:
        if seat.timer is not None:
            seat.timer.cancel()
        del self._seats[seat.job.id]
        self._queued.discard(seat.job.id)
        seat.job.end(End(outcome, seat.pid, seat.started_at))
        if seat.over is not None:
            seat.over.set_result(None)
        self._fill_soon()
        self._tell_change()

    def _tell_change(self) -> None:
        if self._on_change is not None:
            self._on_change()


class _Sink:
    """Hands on what comes from one stream of a job."""

    __slots__ = ("_stream", "_take")

    def __init__(self, job: Job, stream: str) -> None:
        self._take: Any = job.take
        self._stream = stream

    def append(self, chunk: bytes, /) -> None:
        """Hand it on."""
        self._take(self._stream, chunk)
