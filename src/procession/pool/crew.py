"""What a crowd of jobs is run by: the contract of `quick_crew` and `supervised_crew`. Which is right: `crews`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from procession.pool.job import Job

AHEAD: Final = 16
"""So many may wait, ready to start at once; who brings more waits for room."""


class Crew(Protocol):
    """Runs jobs, as a block. One event loop, not thread-safe."""

    async def __aenter__(self) -> Self:
        """Begin to take jobs."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop all that is left; cancelling this insists."""

    def submit(self, job: Job) -> None:
        """Have it run as soon as it may."""

    @property
    def has_room(self) -> bool:
        """Whether it makes sense to bring one more now."""

    async def wait_for_room(self) -> None:
        """Wait until it makes sense to bring one more."""

    @property
    def unfinished(self) -> int:
        """How many have not ended."""

    def running(self) -> list[str]:
        """Give the ids of those that have started."""

    async def stop(self, id: str, by: str = "user") -> None:  # noqa: A002 - the field's own name
        """Ask one to end, insist after its grace; return when nothing of it is left. Whoever has ended has ended."""

    def start_no_more(self) -> None:
        """Start nobody else, from this moment on."""

    async def withdraw_queued(self, by: str = "user") -> None:
        """End all that wait."""

    async def stop_all(self, by: str = "user") -> None:
        """Ask all to end, insist after their graces; return when nothing is left."""

    async def kill_all(self, by: str = "user") -> None:
        """Kill all; return when nothing is left."""

    async def suspend(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Pause one. Raises: AlreadyEnded, UsageError, UnknownTask."""

    async def resume(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Let one run on. Raises: AlreadyEnded, UsageError, UnknownTask."""
