"""From tasks to the rows of the screen: what each column says, in which order, and which are shown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from procession.model.amounts import format_duration, format_size
from procession.model.table_row import bar, duration_s, health_text, progress_text
from procession.model.text import printable
from procession.model.view import TaskView

COLUMNS: Final = ("TASK", "STATE", "HEALTH", "PROGRESS", "LEFT", "CPU", "MEMORY", "TIME", "LAST LINE")
ORDERS: Final = ("cpu", "memory", "time", "progress", "name")
_BAR: Final = 10
_LONG: Final = 160


class Row(NamedTuple):
    """One task on the screen. ``mood`` is good, busy, waiting, bad or quiet: how it is coloured."""

    key: str
    cells: tuple[str, ...]
    mood: str


def rows_of(views: Iterable[TaskView], *, now: float, order: str, wanted: str = "") -> list[Row]:
    """Give the rows of the tasks that fit ``wanted`` (a part of the id, group, state or health, or a pattern)."""
    chosen = [view for view in views if _fits(view, wanted)]
    if order == "name":
        chosen.sort(key=lambda view: view.id)
    else:
        chosen.sort(key=lambda view: (-_ORDERS[order](view, now), view.id))
    return [row_of(view, now) for view in chosen]


def row_of(view: TaskView, now: float) -> Row:
    """Give the row of one task; ``now`` is in seconds since the epoch."""
    usage, progress = view.usage, view.progress
    ran_s = _ran_s(view, now)
    left_s = None if progress is None or view.is_over else progress.left_s
    cells = (
        view.id,
        _state(view),
        health_text(view.health) or "",
        _progress(view),
        "" if left_s is None else format_duration(left_s),
        "" if usage is None or usage.cpus is None or view.is_over else f"{usage.cpus * 100:.0f}%",
        "" if usage is None or view.is_over else format_size(usage.memory_bytes),
        "" if ran_s is None else format_duration(ran_s),
        printable(view.last_line or view.waiting or "")[:_LONG],
    )
    return Row(view.id, cells, _mood(view))


def details_of(view: TaskView) -> str:
    """Say about one task what has no room in its row."""
    facts = [f"{view.id}: {view.command}"]
    facts += [] if view.health is None else [view.health.evidence]
    facts += [] if view.status is None else [f"says: {view.status}"]
    facts += [] if view.outcome is None else [view.outcome.message]
    return printable("  ·  ".join(fact for fact in facts if fact))


def _state(view: TaskView) -> str:
    return view.outcome.kind.value if view.outcome is not None else view.state.value


def _progress(view: TaskView) -> str:
    fraction = None if view.progress is None else view.progress.shown_fraction
    text = printable(progress_text(view.progress) or "")
    if fraction is None:
        return text
    return f"{bar(fraction, _BAR)} {text}"


def _mood(view: TaskView) -> str:
    if view.outcome is not None:
        return "good" if view.ok else "bad"
    if view.health is not None and (view.health.liveness == "stalled" or view.health.memory != "ok"):
        return "bad"
    if view.state == "queued":
        return "quiet"
    if view.state in ("suspended", "stopping") or (view.health and view.health.liveness == "waiting_for_input"):
        return "waiting"
    return "busy"


def _ran_s(view: TaskView, now: float) -> float | None:
    return duration_s(view.started_at, view.ended_at if view.is_over else now)


def _fits(view: TaskView, wanted: str) -> bool:
    word = wanted.strip().lower()
    texts = [each.lower() for each in (view.id, view.group or "", _state(view), health_text(view.health) or "") if each]
    return not word or any(word in text or fnmatchcase(text, word) for text in texts)


_ORDERS: Final[dict[str, Callable[[TaskView, float], Any]]] = {
    "cpu": lambda view, _: -1.0 if view.usage is None or view.is_over else view.usage.cpus or 0.0,
    "memory": lambda view, _: -1 if view.usage is None or view.is_over else view.usage.memory_bytes,
    "time": lambda view, now: _ran_s(view, now) or -1.0,
    "progress": lambda view, _: -1.0 if view.progress is None else view.progress.shown_fraction or 0.0,
}
