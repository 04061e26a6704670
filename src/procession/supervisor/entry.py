"""What the supervisor holds for one task: the part that cannot be shown. What can be shown is its ``view``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from procession.policy.dependencies import Upstream
from procession.policy.order import Rank, rank
from procession.supervisor.last_line import LastLine

if TYPE_CHECKING:
    from procession.model.outcome import Outcome
    from procession.model.task import Task
    from procession.model.view import TaskView
    from procession.supervisor.attempt import Attempt
    from procession.supervisor.clock import Timer


class Entry:
    """One task under care. Only the conductor changes it.

    wish: by whom its end was asked for, if it was. retries_used: since it was submitted, or retried by hand.
    last_outcome: of the attempt before the present one.
    """

    def __init__(self, task: Task, view: TaskView, number: int) -> None:
        """Begin with a task that has just been accepted."""
        self.task = task
        self.view = view
        self.rank: Rank = rank(task, number)
        self.has_started = False
        self.wish: str | None = None
        self.retries_used = 0
        self.attempt: Attempt | None = None
        self.runner: asyncio.Task[Outcome] | None = None
        self.acts: set[asyncio.Task[None]] = set()
        self.timer: Timer | None = None
        self.last_line = LastLine()
        self.last_outcome: Outcome | None = None
        self.over = asyncio.Event()

    @property
    def id(self) -> str:
        """The task's id."""
        return self.view.id

    @property
    def upstream(self) -> Upstream:
        """What others that wait for it may know."""
        return Upstream(has_started=self.has_started, outcome=self.view.outcome)

    def shown(self) -> TaskView:
        """Give the view with the last line as it is now."""
        text = self.last_line.text
        return self.view if text is None else replace(self.view, last_line=text)
