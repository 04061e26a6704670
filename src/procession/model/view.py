"""What is shown of a task: one object of ``--json``, one value of the registry. Never its environment."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from procession.model.agent import AgentView
from procession.model.health import Health
from procession.model.outcome import Outcome
from procession.model.progress import Progress
from procession.model.state import State
from procession.model.task import Dependency, Task
from procession.model.text import encodable
from procession.model.usage import TreeUsage


class TaskView(Struct, frozen=True, kw_only=True):
    """A task as it stands: of its attempt under way, or due next while it is queued. Times are seconds since the epoch.

    attempt: from 1. pid: None until started; kept after the end. command: quoted, can be pasted; argv: the same as a
    list. cwd: absolute. outcome: None until ended. waiting: why it is still queued. last_line: the last thing it
    printed, where that can be seen (a pipe, a pty, a log). orphaned: its keeper is gone; it runs on without.
    ready, status, checkpoint, session, main_pid: what this attempt says of itself. progress: how far it is; health:
    what it seems to do; usage: what it uses, at the last look; agent: what it says, if it is the client of a coding
    agent. None where nothing is known.
    """

    id: str
    name: str
    state: State
    attempt: int
    pid: int | None = None
    submitted_at: float
    started_at: float | None = None
    ended_at: float | None = None
    command: str
    argv: tuple[str, ...]
    cwd: str | None = None
    outcome: Outcome | None = None
    waiting: str | None = None
    last_line: str | None = None
    after: tuple[Dependency, ...] = ()
    retries: int = 0
    priority: int = 0
    group: str | None = None
    labels: dict[str, str] = {}
    orphaned: bool = False
    ready: bool = False
    status: str | None = None
    progress: Progress | None = None
    health: Health | None = None
    usage: TreeUsage | None = None
    checkpoint: str | None = None
    session: str | None = None
    agent: AgentView | None = None
    main_pid: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended and no attempt follows by itself."""
        return self.state is State.ENDED

    @property
    def ok(self) -> bool:
        """Whether it has ended and succeeded."""
        return self.outcome is not None and self.outcome.ok

    def as_dict(self) -> dict[str, Any]:
        """Give plain JSON types; every key is always there, None where nothing is known."""
        return dict(encodable(msgspec.to_builtins(self)))


NOTHING_SAID: Final[dict[str, Any]] = {
    "ready": False,
    "status": None,
    "progress": None,
    "health": None,
    "usage": None,
    "checkpoint": None,
    "session": None,
    "agent": None,
    "main_pid": None,
}
"""What is shown of an attempt that has said nothing yet."""


def view_of(task: Task, id: str, cwd: str | None, at: float) -> TaskView:  # noqa: A002 - the field's own name
    """Show ``task`` as it stands when it has just been submitted."""
    return TaskView(
        id=id,
        name=task.name or id,
        state=State.QUEUED,
        attempt=1,
        submitted_at=at,
        command=str(task.command),
        argv=task.command.shown_argv(),
        cwd=cwd,
        after=task.after,
        retries=task.retries,
        priority=task.priority,
        group=task.group,
        labels=task.labels,
    )


def edited_view(view: TaskView, task: Task) -> TaskView:
    """Show a task whose description has changed."""
    fresh = view_of(task, view.id, task.command.cwd, view.submitted_at)
    changes = {name: getattr(fresh, name) for name in _DESCRIBED}
    return msgspec.structs.replace(view, **changes)


_DESCRIBED = ("command", "argv", "cwd", "after", "retries", "priority", "group", "labels")
