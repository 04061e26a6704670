"""One task as a row of the plain table that ``ls`` prints without decoding anything."""

from __future__ import annotations

from typing import Final

from procession.model.health import Health, Liveness
from procession.model.progress import Progress
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
    "progress",
    "health",
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
        *condition(view),
    )


def condition(view: TaskView | None) -> tuple[str | None, str | None]:
    """Say how far it is, and how it does where that is worth a word."""
    if view is None:
        return None, None
    return progress_text(view.progress), health_text(view.health)


def progress_text(progress: Progress | None) -> str | None:
    """Write ``42%``, ``Receiving objects 51%`` or ``1200 files``; None where nothing is known."""
    if progress is None:
        return None
    fraction, count = progress.shown_fraction, progress.current
    if fraction is not None:
        shown = f"{int(fraction * 100)}%"
    elif count is not None:
        shown = f"{count:g}{' ' + progress.unit if progress.unit else ''}"
    else:
        return progress.phase
    return f"{progress.phase} {shown}" if progress.phase else shown


def bar(fraction: float, width: int) -> str:
    """Draw how far it is, ``width`` cells wide: full only when it is."""
    full = int(fraction * width)
    return "█" * full + "░" * (width - full)


def health_text(health: Health | None) -> str | None:
    """Write what is worth a word: ``stalled``, ``waiting for input``, ``memory high`` …; None for who just works."""
    if health is None:
        return None
    words = [] if health.liveness is Liveness.WORKING else [health.liveness.value.replace("_", " ")]
    words += ["looping"] if health.is_looping else []
    words += [] if health.memory == "ok" else [f"memory {health.memory}"]
    return ", ".join(words) or None


def duration_s(began_at: float | None, until: float | None) -> float | None:
    """Say how long it has run, to the millisecond; None where that is not known."""
    return None if began_at is None or until is None else round(max(until - began_at, 0.0), 3)


def _remark(view: TaskView) -> str | None:
    if view.outcome is None:
        return view.waiting
    return view.outcome.message or view.outcome.kind.value
