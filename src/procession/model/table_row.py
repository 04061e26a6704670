"""One task as a row of the plain table that ``ls`` prints without decoding anything."""

from __future__ import annotations

from typing import Final

from procession.model.view import TaskView

COLUMNS: Final = (
    "id",
    "state",
    "attempt",
    "pid",
    "started",
    "ended",
    "duration",
    "group",
    "waiting_or_outcome",
    "command",
)

Cell = str | int | float | None


def table_row(view: TaskView, now: float) -> tuple[Cell, ...]:
    """Give the cells of `COLUMNS`; times are seconds since the epoch, the duration of what runs is up to ``now``."""
    end = view.ended_at if view.is_over else now
    duration = None if view.started_at is None or end is None else round(max(end - view.started_at, 0.0), 3)
    return (
        view.id,
        view.state.value,
        view.attempt,
        view.pid,
        view.started_at,
        view.ended_at,
        duration,
        view.group,
        _remark(view),
        view.command,
    )


def _remark(view: TaskView) -> str | None:
    if view.outcome is None:
        return view.waiting
    return view.outcome.message or view.outcome.kind.value
