"""`Pool`: many commands at once, as many as the machine can bear, their results as they come or in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from procession.errors import UsageError
from procession.model.task import Task, task
from procession.pool.admission import choose_admission
from procession.pool.crews import make_crew
from procession.pool.flight import Flight
from procession.pool.handle import Handle
from procession.process.spawn import make_command

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
    from types import TracebackType

    from procession.model.command import Argument, Command
    from procession.policy.admission import Admission
    from procession.pool.job import Job
    from procession.process.keeper import Keeper
    from procession.process.result import Result
    from procession.supervisor.launcher import Launcher

_TASK_FIELDS = frozenset(Task.__struct_fields__) & {
    *("retries", "retry_delay_s", "retry_factor", "retry_jitter", "retry_delay_limit_s", "priority", "need")
}


class Pool:
    """Runs many commands: ``async with Pool() as pool: results = [each async for each in pool.map(commands)]``.

    limit: at most so many at once; without it, what ``admission`` says, or what fits this machine.
    keeper: an entered `Keeper`, which becomes the parent of all processes: they are gone when this process is.
    launcher: the seam for whoever runs processes elsewhere, or tests.
    Leaving the block stops whatever has not ended. One event loop, not thread-safe.
    """

    def __init__(
        self,
        limit: int | None = None,
        *,
        admission: Admission | None = None,
        keeper: Keeper | None = None,
        launcher: Launcher | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Raise UsageError for a limit below 1. ``on_change`` hears whenever a command starts or ends."""
        self._crew = make_crew(
            choose_admission(admission, limit), launcher or (keeper.spawn if keeper else None), on_change
        )
        self._is_open = False

    async def __aenter__(self) -> Self:
        """Begin to take commands."""
        await self._crew.__aenter__()
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop whatever has not ended, in parallel. Cancelling this insists: what is left is killed."""
        self._is_open = False
        await self._crew.__aexit__(kind, error, traceback)

    def submit(
        self,
        given: Command | Sequence[Argument],
        /,
        *,
        text: bool = True,
        encoding: str = "utf-8",
        errors: str = "replace",
        **options: Any,
    ) -> Handle:
        """Accept a command and give a handle on it: ``result = await pool.submit(["make"], timeout=60, retries=1)``.

        It starts as soon as it may. However it ends, even if it cannot be started, that is a `Result`;
        `Result.check` makes an exception of it.
        text, encoding, errors: give what it prints as text; bytes with ``text=False``.
        options: fields of the command as `spawn` takes them, and of the task: ``retries``, ``priority`` …
        Raises: InvalidCommand, InvalidTask; UsageError: the block was not entered, or is being left.
        """
        handle = Handle(make_task(given, options), (encoding, errors) if text else None, self.stop_job)
        self.submit_job(handle)
        return handle

    def submit_job(self, job: Job) -> None:
        """Accept a job of any kind: the seam below `submit`. Raises: UsageError."""
        if not self._is_open:
            raise UsageError("the pool takes no commands: its block was not entered, or is being left")
        self._crew.submit(job)

    @property
    def has_room(self) -> bool:
        """Whether it makes sense to bring one more now: hardly anybody waits."""
        return self._crew.has_room

    async def wait_for_room(self) -> None:
        """Wait until it makes sense to bring one more. `submit` itself never waits."""
        await self._crew.wait_for_room()

    async def map(
        self,
        commands: Iterable[Command | Sequence[Argument]] | AsyncIterable[Command | Sequence[Argument]],
        /,
        *,
        ordered: bool = True,
        check: bool = False,
        **options: Any,
    ) -> AsyncGenerator[Result, None]:
        """Run all ``commands``, and give their results in their order, or with ``ordered=False`` as they come.

        They are drawn as they are wanted, so they may be endless: hardly any is drawn before it can start, and at most
        `flight.WINDOW` before their results are taken. Leaving the loop early cancels what has not ended.
        check: raise the EndError or StartError of the first one that did not succeed.
        options: as for `submit`, for all of them. Raises: as `submit`, and whatever ``commands`` raises.
        """
        flight = Flight(self, commands, options, ordered=ordered)
        try:
            async for handle in flight.landings():
                yield handle.result().check() if check else handle.result()
        finally:
            await flight.close()

    async def as_completed(self, handles: Iterable[Handle], /) -> AsyncGenerator[Handle, None]:
        """Give ``handles`` as they end; those that have ended come first."""
        flight = Flight(self, (), {}, ordered=False)
        for handle in handles:
            flight.add(handle)
        async for handle in flight.landings():
            yield handle

    async def stop_job(self, job: Job) -> None:
        """Have a job of any kind end, and return when nothing of it is left: the seam below `Handle.cancel`."""
        await self._crew.stop(job.id, by="cancel")


def make_task(given: Command | Sequence[Argument], options: dict[str, Any]) -> Task:
    """Give the task that ``given`` with ``options`` means. Raises: InvalidCommand, InvalidTask."""
    of_task = {name: value for name, value in options.items() if name in _TASK_FIELDS}
    of_command = {name: value for name, value in options.items() if name not in of_task}
    return task(make_command(given, of_command), **of_task)
