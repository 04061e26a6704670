"""A job: one command of a crowd, from its place in the queue to its end. Whoever wants to know of it makes a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.model.outcome import Outcome
    from procession.model.task import Task


class End(NamedTuple):
    """How a job ended. pid, started_at (since the epoch): of its last attempt; None if there was none."""

    outcome: Outcome
    pid: int | None = None
    started_at: float | None = None


class Job:
    """What a crew runs, and whom it tells. ``id`` is known once it was submitted; ``slot`` while an attempt runs."""

    def __init__(self, task: Task) -> None:
        """Be about ``task``, which has no name of its own."""
        self.task = task
        self.id = ""
        self.slot = 0

    def begin(self) -> Command:
        """Give what to run: an attempt is about to start, in ``slot`` (from 1, each is one job's at a time).

        What an earlier attempt printed does not count any more. Raises: StartError, and nothing is started.
        """
        return self.task.command

    def take(self, stream: str, data: bytes) -> None:
        """Take what it printed."""

    def leave(self, outcome: Outcome) -> None:
        """Hear that an attempt ended so, just before ``slot`` becomes somebody else's. Another one may follow."""

    def end(self, end: End) -> None:
        """Hear how it ended; nothing of it is left."""
