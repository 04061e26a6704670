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
    duration = duration_s(view.started_at, view.ended_at if view.is_over else now)
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


def duration_s(began_at: float | None, until: float | None) -> float | None:
    """Say how long it has run, to the millisecond; None where that is not known."""
    return None if began_at is None or until is None else round(max(until - began_at, 0.0), 3)


def _remark(view: TaskView) -> str | None:
    if view.outcome is None:
        return view.waiting
    return view.outcome.message or view.outcome.kind.value
