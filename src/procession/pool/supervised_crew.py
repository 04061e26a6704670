"""A crew under a supervisor: jobs come in as fast as they are wanted, and are forgotten when they have ended.

Here is what a million short tasks need beside what one long task needs: a bound on how many wait, slots, and no memory
of who is gone. Everything that happens to a task is the supervisor's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from procession.model.event import Ended, Retrying, Starting
from procession.pool.crew import AHEAD
from procession.pool.job import End
from procession.pool.slots import Slots
from procession.process.spawn import spawn
from procession.supervisor.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from procession.model.event import Event
    from procession.model.outcome import Outcome
    from procession.policy.admission import Admission
    from procession.pool.job import Job
    from procession.supervisor.entry import Entry
    from procession.supervisor.launcher import Block, Launcher


class SupervisedCrew:
    """A crew whose jobs are tasks of a supervisor: see `Crew`."""

    def __init__(
        self,
        admission: Admission,
        launcher: Launcher | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._launcher = launcher or spawn
        self._supervisor = Supervisor(admission=admission, launch=self._launch)
        self._on_change = on_change
        self._jobs: dict[str, Job] = {}
        self._queued: set[str] = set()
        self._gone: list[str] = []
        self._slots = Slots()
        self._room = asyncio.Event()
        self._room.set()

    async def __aenter__(self) -> Self:
        """Begin to take jobs."""
        self._supervisor.subscribe(self._hear)
        self._supervisor.subscribe_output(self._hear_output)
        await self._supervisor.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop all that is left."""
        await self._supervisor.__aexit__(kind, error, traceback)

    # --- jobs --------------------------------------------------------------------------------------------------------

    def submit(self, job: Job) -> None:
        """Have it run as soon as it may. Raises: InvalidTask, UsageError."""
        job.id = id_ = self._supervisor.submit(job.task)
        self._jobs[id_] = job
        self._wait_in_queue(id_)

    @property
    def has_room(self) -> bool:
        """Whether it makes sense to bring one more now."""
        return len(self._queued) < AHEAD

    async def wait_for_room(self) -> None:
        """Wait until it makes sense to bring one more."""
        while not self.has_room:
            await self._room.wait()

    def running(self) -> list[str]:
        """Give the ids of those that have started, in the order of submission."""
        return [id_ for id_ in self._jobs if id_ not in self._queued]

    @property
    def unfinished(self) -> int:
        """How many have not ended."""
        return len(self._jobs)

    # --- acts --------------------------------------------------------------------------------------------------------

    async def stop(self, id: str, by: str = "user") -> None:  # noqa: A002 - the field's own name
        """Ask one to end, insist after its grace; return when nothing of it is left. Whoever has ended has ended."""
        if id in self._jobs:
            await self._supervisor.stop(id, by)

    def start_no_more(self) -> None:
        """Start nobody else, from this moment on."""
        self._supervisor.drain()

    async def withdraw_queued(self, by: str = "user") -> None:
        """End all that wait."""
        await asyncio.gather(*(self.stop(id_, by) for id_ in tuple(self._queued)))

    async def stop_all(self, by: str = "user") -> None:
        """Ask all to end, insist after their graces; return when nothing is left."""
        await self._supervisor.stop_all(by)

    async def kill_all(self, by: str = "user") -> None:
        """Kill all; return when nothing is left."""
        await self._supervisor.kill_all(by)

    async def suspend(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Pause one. Raises: AlreadyEnded, UsageError, UnknownTask."""
        await self._supervisor.suspend(id)

    async def resume(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Let one run on. Raises: AlreadyEnded, UsageError, UnknownTask."""
        await self._supervisor.resume(id)

    # --- what happens ------------------------------------------------------------------------------------------------

    def _launch(self, entry: Entry) -> Block:
        job = self._jobs[entry.id]
        job.slot = self._slots.take()
        return self._launcher(job.begin())

    def _leave_slot(self, job: Job, outcome: Outcome) -> None:
        if job.slot:
            job.leave(outcome)
        self._slots.give_back(job.slot)
        job.slot = 0

    def _hear(self, event: Event) -> None:
        kind = type(event)
        if kind is Starting:
            self._leave_queue(str(event.task))
        elif kind is Ended:
            self._end(str(event.task))
        elif kind is Retrying:
            assert isinstance(event, Retrying)
            self._leave_slot(self._jobs[str(event.task)], event.outcome)
            self._wait_in_queue(str(event.task))

    def _hear_output(self, id_: str, stream: str, data: bytes) -> None:
        self._jobs[id_].take(stream, data)

    def _end(self, id_: str) -> None:
        job = self._jobs.pop(id_)
        view = self._supervisor.glance(id_)
        assert view is not None
        assert view.outcome is not None
        self._leave_slot(job, view.outcome)
        self._leave_queue(id_)
        if not self._gone:
            asyncio.get_running_loop().call_soon(self._forget)
        self._gone.append(id_)
        job.end(End(view.outcome, view.pid, view.started_at))

    def _forget(self) -> None:
        for id_ in self._gone:
            self._supervisor.remove(id_)
        self._gone.clear()

    def _wait_in_queue(self, id_: str) -> None:
        self._queued.add(id_)
        if not self.has_room:
            self._room.clear()

    def _leave_queue(self, id_: str) -> None:
        self._queued.discard(id_)
        if self.has_room:
            self._room.set()
        if self._on_change is not None:
            self._on_change()
