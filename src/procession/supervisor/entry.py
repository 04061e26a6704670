"""What the supervisor holds for one task: the part that cannot be shown. What can be shown is its ``view``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from procession.model.agent import summary
from procession.model.record import Care, TaskRecord
from procession.policy.command_key import key_of
from procession.policy.dependencies import Upstream
from procession.policy.tokens import NO_SLOTS
from procession.supervisor.descriptor_store import DescriptorStore
from procession.supervisor.last_line import LastLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from procession.model.agent import AgentView
    from procession.model.context import Context
    from procession.model.outcome import Outcome
    from procession.model.task import Task
    from procession.model.view import TaskView
    from procession.policy.tokens import Slots
    from procession.supervisor.agent_watch import AgentWatch
    from procession.supervisor.attempt import Attempt
    from procession.supervisor.clock import Timer
    from procession.supervisor.observed import Observed
    from procession.supervisor.watch import Watch


_NOTHING: Final[Mapping[str, Any]] = {}
"""Shared by all that have nothing: of a hundred thousand that wait, every byte counts."""

_NOTHING_TOLD: Final[frozenset[str]] = frozenset()
_UNSTARTED: Final = LastLine()


class Entry:
    """One task under care. Only the conductor changes it. What is made for the few that run is made when it is needed.

    wish: by whom its end was asked for, if it was. retries_used: since it was submitted, or retried by hand; reacted:
    how often each reaction with a limit was done, likewise. last_outcome: of the attempt before the present one.
    due_at: when its next attempt may start. told: what is told once of an attempt, and was told by whoever looked
    after it before us. watches: who looks whether the present one is ready, or done. log_offsets: from where on its
    logs are those of the present attempt, by path. marker: where it may say that it is done. observed: what is seen of
    the present attempt, or was of the last. stored: descriptors that its attempts gave into care. admitted: why it was
    let in; slots: which of the named things it has. is_held: it was suspended to make room; is_evicted: it is ended to
    make room. explained_at: when it was last told why it waits. resume_argv: the command of its next, or present,
    attempt, where that goes on from a checkpoint. is_releasing: it is ended to go on later; is_resting: it does not go
    on before somebody wants it to. session: what was
    chosen for the client of an agent; agent: who listens to it; agent_runs: what it said in each attempt that is over;
    limited_until: when the service may be asked again that has refused it.
    """

    __slots__ = (
        "_acts",
        "_over",
        "_reacted",
        "_stored",
        "admitted",
        "agent",
        "agent_runs",
        "attempt",
        "context",
        "due_at",
        "explained_at",
        "has_started",
        "is_evicted",
        "is_held",
        "is_releasing",
        "is_restarting",
        "is_resting",
        "last_line",
        "last_outcome",
        "limited_until",
        "log_offsets",
        "marker",
        "number",
        "observed",
        "resume_argv",
        "retries_used",
        "runner",
        "session",
        "slots",
        "task",
        "timer",
        "told",
        "view",
        "watches",
        "wish",
    )  # fmt: skip

    def __init__(self, task: Task, view: TaskView, number: int, context: Context | None = None) -> None:
        """Begin with a task that has just been accepted."""
        self.task = task
        self.view = view
        self.number = number
        self.context = context
        self.has_started = False
        self.is_restarting = self.is_evicted = self.is_held = self.is_releasing = self.is_resting = False
        self.resume_argv: tuple[str, ...] | None = None
        self.session: str | None = None
        self.agent: AgentWatch | None = None
        self.agent_runs: tuple[AgentView, ...] = ()
        self.limited_until: float | None = None
        self.admitted: str | None = None
        self.slots: Slots = NO_SLOTS
        self.explained_at = 0.0
        self.wish: str | None = None
        self.retries_used = 0
        self._reacted: dict[str, int] | None = None
        self.attempt: Attempt | None = None
        self.runner: asyncio.Task[Outcome] | None = None
        self._acts: set[asyncio.Task[None]] | None = None
        self.timer: Timer | None = None
        self.due_at: float | None = None
        self.last_line = _UNSTARTED
        self.last_outcome: Outcome | None = None
        self.told = _NOTHING_TOLD
        self.watches: tuple[Watch, ...] = ()
        self.log_offsets: Mapping[str, int] = _NOTHING
        self.marker: str | None = None
        self._stored: DescriptorStore | None = None
        self.observed: Observed | None = None
        self._over: asyncio.Event | None = None

    @classmethod
    def of(cls, record: TaskRecord) -> Entry:
        """Take up what is remembered of a task."""
        entry = cls(record.task, record.view, record.number, record.context)
        entry.has_started = record.care.has_started
        entry.wish = record.care.wish
        entry.retries_used = record.care.retries_used
        entry._reacted = dict(record.care.reacted) or None
        entry.due_at = record.care.due_at
        entry.last_outcome = record.care.last_outcome
        entry.admitted = record.care.admitted
        entry.slots = {name: tuple(numbers) for name, numbers in record.care.slots.items()}
        entry.is_held = record.care.is_held
        entry.is_releasing, entry.is_resting = record.care.is_releasing, record.care.is_resting
        entry.resume_argv, entry.session = record.care.resume_argv, record.care.session
        entry.agent_runs = record.care.agent_runs
        return entry

    @property
    def id(self) -> str:
        """The task's id."""
        return self.view.id

    @property
    def acts(self) -> set[asyncio.Task[None]]:
        """What is being done to it."""
        if self._acts is None:
            self._acts = set()
        return self._acts

    @property
    def reacted(self) -> dict[str, int]:
        """How often each reaction with a limit was done, to be counted on."""
        if self._reacted is None:
            self._reacted = {}
        return self._reacted

    @property
    def stored(self) -> DescriptorStore:
        """What its attempts gave into care."""
        if self._stored is None:
            self._stored = DescriptorStore()
        return self._stored

    def let_go(self, *, for_ever: bool) -> None:
        """Close what its attempts gave into care; for ever: nobody holds it for the next one."""
        if self._stored is not None:
            self._stored.close() if for_ever else self._stored.leave()

    async def wait_over(self) -> None:
        """Wait until it is over."""
        if self._over is None:
            self._over = asyncio.Event()
        if not self.view.is_over:
            await self._over.wait()

    def note_over(self) -> None:
        """Wake whoever waits."""
        if self._over is not None:
            self._over.set()
            self._over = None

    @property
    def key(self) -> str:
        """Under what its policy learns of it and its like."""
        return key_of(self.task.command.argv, self.task.kind)

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
        if self.agent is not None:
            seen["agent"] = said = self.agent.shown(self.agent_runs)
            seen["status"] = self.view.status or summary(said)
        return replace(self.view, **seen) if seen else self.view

    def record(self) -> TaskRecord:
        """Give what must be remembered of it."""
        care = Care(
            wish=self.wish,
            retries_used=self.retries_used,
            reacted=dict(self._reacted or ()),
            due_at=self.due_at,
            has_started=self.has_started,
            last_outcome=self.last_outcome,
            admitted=self.admitted,
            slots=dict(self.slots),
            is_held=self.is_held,
            is_releasing=self.is_releasing,
            is_resting=self.is_resting,
            resume_argv=self.resume_argv,
            session=self.session,
            agent_runs=self.agent_runs,
        )
        view = self.shown() if self.view.is_over else self.view
        return TaskRecord(number=self.number, task=self.task, view=view, care=care, context=self.context)
