"""How a run of `up` ended: a value, its JSON form, and its form for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from procession.cli.text import show_safely
from procession.model.outcome import OutcomeKind
from procession.model.units import format_duration
from procession.model.view import TaskView

if TYPE_CHECKING:
    from procession.model.outcome import Outcome

WIDEST_NAME = 40
COLOUR_OF = {OutcomeKind.SUCCEEDED: "green", OutcomeKind.STOPPED: "yellow", OutcomeKind.CANCELLED: "yellow"}


class Summary(Struct, frozen=True, kw_only=True):
    """All tasks of a run after its end. ``interrupted_by`` is the signal that ended it early, if one did."""

    at: float
    file: str
    logs: str
    duration_s: float
    tasks: tuple[TaskView, ...]
    interrupted_by: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many tasks ended in which way."""
        return dict(Counter(kind_of(task) for task in self.tasks))

    @property
    def ok(self) -> bool:
        """Whether every task succeeded."""
        return all(task.ok for task in self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """Give the last line of ``--json``."""
        succeeded = self.counts.get(OutcomeKind.SUCCEEDED.value, 0)
        return {
            "event": "summary",
            "at": self.at,
            "file": self.file,
            "logs": self.logs,
            "duration_s": round(self.duration_s, 3),
            "interrupted_by": self.interrupted_by,
            "ok": self.ok,
            "total": len(self.tasks),
            "succeeded": succeeded,
            "counts": self.counts,
            "tasks": [task.as_dict() for task in self.tasks],
        }


def render_summary(summary: Summary, *, colour: bool) -> str:
    """Write a line per task and one for all, for people."""
    width = min(max((len(task.name) for task in summary.tasks), default=0), WIDEST_NAME)
    lines = [_task_line(task, width, colour=colour) for task in summary.tasks]
    return "\n".join([*lines, "", _total(summary), f"logs: {show_safely(summary.logs)}", ""])


def kind_of(task: TaskView) -> str:
    """Give the outcome's word, or the state of a task that has none."""
    return task.outcome.kind.value if task.outcome else task.state.value


def lasted_s(task: TaskView, now: float) -> float | None:
    """Say how long the present attempt has run; None if it never started."""
    if task.started_at is None:
        return None
    return max((task.ended_at or now) - task.started_at, 0.0)


def _task_line(task: TaskView, width: int, *, colour: bool) -> str:
    mark = "+" if task.ok else "-"
    lasted = lasted_s(task, task.ended_at or 0.0)
    duration = "" if lasted is None else format_duration(lasted)
    kind = kind_of(task).replace("_", " ")
    line = f"{mark} {task.name:<{width}}  {kind:<15} {duration:>10}  {_evidence(task.outcome, task.attempt)}".rstrip()
    outcome = task.outcome.kind if task.outcome else OutcomeKind.UNKNOWN
    return click.style(line, fg=COLOUR_OF.get(outcome, "red")) if colour else line


def _evidence(outcome: Outcome | None, attempt: int) -> str:
    attempts = [f"attempt {attempt}"] if attempt > 1 else []
    if outcome is None:
        return ", ".join(attempts)
    message = [] if outcome.ok else [show_safely(outcome.message)]
    survivors = [f"not ended: {', '.join(map(str, outcome.survivors))}"] if outcome.survivors else []
    return ", ".join(part for part in [*message, *attempts, *survivors] if part)


def _total(summary: Summary) -> str:
    ordered = sorted(summary.counts.items(), key=_succeeded_first)
    counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in ordered)
    tasks = "1 task" if len(summary.tasks) == 1 else f"{len(summary.tasks)} tasks"
    return f"{tasks} in {format_duration(summary.duration_s)}: {counts or 'none'}"


def _succeeded_first(entry: tuple[str, int]) -> tuple[bool, str]:
    return entry[0] != OutcomeKind.SUCCEEDED.value, entry[0]
