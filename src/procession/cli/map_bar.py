"""The progress of `map`: one line on standard error, with an estimate of what is left that comes from what was done.

Without a terminal, if it was asked for, a plain line from time to time. Not here: what the jobs print (`map_output`).
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from procession.cli.job_control import is_in_foreground
from procession.model.amounts import format_duration
from procession.model.table_row import bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.cli.outlet import Outlet

PERIOD_S: Final = 0.2
PLAIN_PERIOD_S: Final = 10.0
_RECENT: Final = 256
_BAR_CELLS: Final = 20
_CLEAR: Final = b"\r\x1b[K"


class Tally(Struct):
    """How far it is. total: None while nobody knows. skipped: done by an earlier run."""

    total: int | None = None
    ended: int = 0
    failed: int = 0
    skipped: int = 0
    running: int = 0


class Pace:
    """How fast jobs end: measured over the last ones, so that a change of pace shows; all of them at first."""

    def __init__(self, began_at: float) -> None:
        self._ends: deque[tuple[float, int]] = deque([(began_at, 0)], maxlen=_RECENT)
        self._count = 0

    def note_end(self, at: float) -> None:
        """One has ended."""
        self._count += 1
        self._ends.append((at, self._count))

    def left_s(self, left: int, now: float) -> float | None:
        """Say how long ``left`` more will take, if it goes on like this; None before one has ended."""
        since, count = self._ends[0]
        if self._count == count:
            return None
        return (now - since) / (self._count - count) * left


class Bar:
    """Draws while it lasts. ``pause`` takes it off the screen until the next time."""

    def __init__(self, outlet: Outlet, tally: Tally, *, is_terminal: bool, count: Callable[[], int]) -> None:
        self._outlet = outlet
        self._tally = tally
        self._count = count
        self._is_terminal = is_terminal
        self._began = time.monotonic()
        self._pace = Pace(self._began)
        self._is_drawn = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(PERIOD_S if is_terminal else PLAIN_PERIOD_S, self._tick)

    def note_end(self) -> None:
        """One has ended."""
        self._pace.note_end(time.monotonic())

    def pause(self) -> None:
        """Leave the line to others."""
        if self._is_drawn:
            self._outlet.put(_CLEAR)
            self._is_drawn = False

    def close(self) -> None:
        """Draw no more."""
        self._timer.cancel()
        self.pause()

    def _tick(self) -> None:
        self._timer = self._loop.call_later(PERIOD_S if self._is_terminal else PLAIN_PERIOD_S, self._tick)
        self._tally.running = self._count()
        text = progress_text(self._tally, self._pace, time.monotonic(), with_bar=self._is_terminal)
        if not self._is_terminal:
            self._outlet.put(f"procession: {text}\n".encode())
        elif is_in_foreground(2):
            width = shutil.get_terminal_size().columns - 1
            self._outlet.put(_CLEAR + text[:width].encode())
            self._is_drawn = True


def progress_text(tally: Tally, pace: Pace, now: float, *, with_bar: bool) -> str:
    """Write how far it is in one line."""
    done = tally.ended + tally.skipped
    total = tally.total
    parts = [f"{done} of {total}" if total is not None else f"{done} done"]
    if with_bar and total:
        parts.insert(0, f"{bar(done / total, _BAR_CELLS)} {done * 100 // total:3d}%")
    parts += [f"{tally.failed} failed"] if tally.failed else []
    parts += [f"{tally.running} running"]
    left_s = None if total is None else pace.left_s(total - done, now)
    parts += [f"{format_duration(left_s)} left"] if left_s is not None and done < (total or 0) else []
    return "  ".join(parts)
