"""What the supervisor holds for one task: the part that cannot be shown. What can be shown is its ``view``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from procession.model.record import Care, TaskRecord
from procession.policy.dependencies import Upstream
from procession.policy.order import Rank, rank
from procession.supervisor.descriptor_store import DescriptorStore
from procession.supervisor.last_line import LastLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from procession.model.context import Context
    from procession.model.outcome import Outcome
    from procession.model.task import Task
    from procession.model.view import TaskView
    from procession.supervisor.attempt import Attempt
    from procession.supervisor.clock import Timer
    from procession.supervisor.observed import Observed
    from procession.supervisor.watch import Watch


class Entry:
    """One task under care. Only the conductor changes it.

    wish: by whom its end was asked for, if it was. retries_used: since it was submitted, or retried by hand; reacted:
    how often each reaction with a limit was done, likewise. last_outcome: of the attempt before the present one.
    due_at: when its next attempt may start. told: what is told once of an attempt, and was told by whoever looked
    after it before us. watches: who looks whether the present one is ready, or done. log_offsets: from where on its
    logs are those of the present attempt, by path. marker: where it may say that it is done. observed: what is seen of
    the present attempt, or was of the last. stored: descriptors that its attempts gave into care.
    """

    __slots__ = (
        "acts", "attempt", "context", "due_at", "has_started", "is_restarting", "last_line", "last_outcome",
        "log_offsets", "marker", "number", "observed", "over", "rank", "reacted", "retries_used", "runner", "stored",
        "task", "timer", "told", "view", "watches", "wish",
    )  # fmt: skip

    def __init__(self, task: Task, view: TaskView, number: int, context: Context | None = None) -> None:
        """Begin with a task that has just been accepted."""
        self.task = task
        self.view = view
        self.number = number
        self.context = context
        self.rank: Rank = rank(task, number)
        self.has_started = False
        self.is_restarting = False
        self.wish: str | None = None
        self.retries_used = 0
        self.reacted: dict[str, int] = {}
        self.attempt: Attempt | None = None
        self.runner: asyncio.Task[Outcome] | None = None
        self.acts: set[asyncio.Task[None]] = set()
        self.timer: Timer | None = None
        self.due_at: float | None = None
        self.last_line = LastLine()
        self.last_outcome: Outcome | None = None
        self.told: frozenset[str] = frozenset()
        self.watches: tuple[Watch, ...] = ()
        self.log_offsets: Mapping[str, int] = {}
        self.marker: str | None = None
        self.stored = DescriptorStore()
        self.observed: Observed | None = None
        self.over = asyncio.Event()

    @classmethod
    def of(cls, record: TaskRecord) -> Entry:
        """Take up what is remembered of a task."""
        entry = cls(record.task, record.view, record.number, record.context)
        entry.has_started = record.care.has_started
        entry.wish = record.care.wish
        entry.retries_used = record.care.retries_used
        entry.reacted = dict(record.care.reacted)
        entry.due_at = record.care.due_at
        entry.last_outcome = record.care.last_outcome
        if record.view.is_over:
            entry.over.set()
        return entry

    @property
    def id(self) -> str:
        """The task's id."""
        return self.view.id

    @property
    def upstream(self) -> Upstream:
        """What others that wait for it may know."""
        return Upstream(has_started=self.has_started, is_ready=self.view.ready, outcome=self.view.outcome)

    def shown(self) -> TaskView:
        """Give the view with the last line, and how it does, as it is now."""
        text, view = self.last_line.text, self.glance()
        return view if text is None else replace(view, last_line=text)

    def glance(self) -> TaskView:
        """Give the view with how it does now, but as it last was printed."""
        seen = {} if self.observed is None else self.observed.shown(is_over=self.view.is_over)
        return replace(self.view, **seen) if seen else self.view

    def record(self) -> TaskRecord:
        """Give what must be remembered of it."""
        care = Care(
            wish=self.wish,
            retries_used=self.retries_used,
            reacted=dict(self.reacted),
            due_at=self.due_at,
            has_started=self.has_started,
            last_outcome=self.last_outcome,
        )
        view = self.shown() if self.view.is_over else self.view
        return TaskRecord(number=self.number, task=self.task, view=view, care=care, context=self.context)
