"""The tasks of a run at one moment, as a table shows them: plain values, taken in the event loop, drawn anywhere."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from procession.cli.summary import kind_of
from procession.cli.text import show_safely
from procession.model.state import LIVE, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.model.view import TaskView


class Row(Struct, frozen=True, kw_only=True):
    """One task. ``word`` is its state, or how it ended; ``text`` what it said last, or why it waits or failed."""

    name: str
    word: str
    is_live: bool
    began_at: float | None
    ended_at: float | None
    text: str


class Picture(Struct, frozen=True):
    """All rows in the order of the file."""

    rows: tuple[Row, ...] = ()
    notice: str = ""

    def most_telling(self, count: int) -> list[Row]:
        """Give at most ``count`` rows in their order: those that run, then those that ended last, then the queued."""
        if len(self.rows) <= count:
            return list(self.rows)
        ranked = sorted(range(len(self.rows)), key=lambda index: _rank(self.rows[index]))
        return [self.rows[index] for index in sorted(ranked[:count])]

    def counted(self) -> str:
        """Say how many there are of each word."""
        counts = Counter(row.word.replace("_", " ") for row in self.rows)
        return ", ".join(f"{count} {word}" for word, count in counts.most_common())


def take_picture(tasks: Sequence[TaskView], notice: str = "") -> Picture:
    """Take the tasks as they stand."""
    return Picture(tuple(_row(task) for task in tasks), notice)


def _row(task: TaskView) -> Row:
    name = show_safely(task.name)
    return Row(
        name=f"{name} #{task.attempt}" if task.attempt > 1 else name,
        word=kind_of(task),
        is_live=task.state in LIVE,
        began_at=task.started_at,
        ended_at=task.ended_at,
        text=show_safely(_text(task)),
    )


def _text(task: TaskView) -> str:
    if task.state is State.QUEUED:
        return task.waiting or ""
    if task.outcome is not None and not task.outcome.ok:
        return task.outcome.message
    return task.last_line or ""


def _rank(row: Row) -> tuple[int, float]:
    if row.is_live:
        return 0, row.began_at or 0.0
    return (1, -row.ended_at) if row.ended_at is not None else (2, 0.0)
