"""What is remembered of a task and its attempts across a crash, beside what is shown (``view``). Frozen values."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from procession.model.agent import AgentView
from procession.model.context import Context
from procession.model.outcome import Outcome, Usage
from procession.model.task import Task
from procession.model.view import TaskView


class Care(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the supervisor must not forget about a task.

    wish: by whom its end was asked for. retries_used: since it was submitted, or retried by hand. due_at: when its
    next attempt may start, in seconds since the epoch. has_started: in any attempt. last_outcome: of the attempt
    before the present one. reacted: how often each reaction that has a limit was done. admitted: why the present one
    was let in; slots: which numbers of the named things it has. is_held: it was suspended to make room. is_releasing:
    it is ended to go on later; is_resting: not before somebody wants it to. resume_argv: with which command.
    session: what was chosen for a client; agent_runs: what it said in each attempt that is over.
    """

    wish: str | None = None
    retries_used: int = 0
    due_at: float | None = None
    has_started: bool = False
    last_outcome: Outcome | None = None
    reacted: dict[str, int] = {}
    admitted: str | None = None
    slots: dict[str, tuple[int, ...]] = {}
    is_held: bool = False
    is_releasing: bool = False
    is_resting: bool = False
    resume_argv: tuple[str, ...] | None = None
    session: str | None = None
    agent_runs: tuple[AgentView, ...] = ()


class TaskRecord(Struct, frozen=True, kw_only=True):
    """One task as it is stored. ``number`` is its place in the order of submission, from 1."""

    number: int
    task: Task
    view: TaskView
    care: Care = Care()
    context: Context | None = None

    @property
    def id(self) -> str:
        """The task's id."""
        return self.view.id


class Phase(StrEnum):
    """How far an attempt is known to have come."""

    INTENDED = "intended"
    STARTED = "started"
    EXITED = "exited"
    OVER = "over"


class TreeMark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the processes of an attempt are found again: its control group, or its cookie."""

    leaf: str | None = None
    token: str | None = None


class Identity(Struct, frozen=True, kw_only=True):
    """One process for ever: a pid alone may be somebody else's. ``inode`` of its pidfd is 0 where that says nothing."""

    boot_id: str
    pid: int
    start_ticks: int
    inode: int = 0


class ExitFact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a leader's end. ``status`` is a raw wait status; None: nobody knows; ``lost`` says why."""

    status: int | None
    at: float
    usage: Usage | None = None
    lost: str | None = None


class AttemptRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt as it is stored. ``key`` is unique for ever in one store; the keeper knows the attempt by it.

    offsets: how long each log of the task was when the attempt began, by stream name. messages_read: up to which byte
    of its message log every message was told. is_saying: a message to it was begun that our end may tear.
    """

    key: int
    task: str
    attempt: int
    phase: Phase = Phase.INTENDED
    tree: TreeMark = TreeMark()
    leader: Identity | None = None
    started_at: float | None = None
    exit: ExitFact | None = None
    offsets: dict[str, int] = {}
    messages_read: int = 0
    is_saying: bool = False
