"""Several bars at once, and which of them stands for the whole.

A bar that starts again while another one is under way is an inner one (the batches of an epoch), and so is one whose
likes came one after the other. Bars that take turns in moving run side by side: then the largest stands for the whole.
Until that is known, it is the oldest. When all are full and a new one begins, so does a new phase.
"""

from __future__ import annotations

import re
from typing import Final

from procession.monitor.progress.found import Found

_KNOWN: Final = 64
_FULL: Final = 99.5
_RESTART: Final = 30.0
_TURNS: Final = 3
_NEARLY: Final = 90.0
_PATIENCE: Final = 5
"""A bar that was nearly full, and was not drawn while others were so many times, is done."""

_DIGITS: Final = re.compile(r"\d+")


class _Bar:
    __slots__ = ("found", "is_inner", "key", "seen_at", "series")

    def __init__(self, key: tuple[str, float | None], found: Found) -> None:
        self.key = key
        self.found = found
        self.series = _DIGITS.sub("0", found.label)
        self.is_inner = False
        self.seen_at = 0

    @property
    def is_full(self) -> bool:
        return (self.found.percent or 0.0) >= _FULL


class Bars:
    """Takes each bar as it is drawn; gives the one that counts."""

    def __init__(self) -> None:
        self._bars: dict[tuple[str, float | None], _Bar] = {}
        self._inner_series: set[str] = set()
        self._last: _Bar | None = None
        self._turns = 0
        self._takes = 0

    def take(self, found: Found) -> Found:
        """Take a bar with a percentage, and give the one that stands for the whole."""
        key = (found.label, found.total)
        bar = self._bars.get(key)
        if bar is None:
            bar = self._begin(key, found)
        else:
            self._move(bar, found)
        self._takes += 1
        bar.seen_at = self._takes
        return self._main(bar).found

    def _begin(self, key: tuple[str, float | None], found: Found) -> _Bar:
        bar = _Bar(key, found)
        before = self._main(bar)
        if (before is not bar and self._is_done(before)) or len(self._bars) >= _KNOWN:
            self._bars.clear()
            self._turns = 0
        likes = [each for each in self._bars.values() if each.series == bar.series]
        others = [each for each in self._bars.values() if each.series != bar.series and not each.is_full]
        if others and any(each.is_full for each in likes):
            self._inner_series.add(bar.series)
            for each in likes:
                each.is_inner = True
        bar.is_inner = bar.series in self._inner_series and bool(others)
        self._bars[key] = bar
        return bar

    def _move(self, bar: _Bar, found: Found) -> None:
        before = bar.found
        if (found.percent or 0.0) < (before.percent or 0.0) - _RESTART:
            bar.is_inner |= any(not (each.is_full or each.is_inner) for each in self._bars.values() if each is not bar)
        elif found.percent != before.percent and bar is not self._last and not bar.is_inner:
            self._turns += self._last is not None
            self._last = bar
        bar.found = found

    def _main(self, newest: _Bar) -> _Bar:
        outer = [each for each in self._bars.values() if not each.is_inner]
        if not outer:
            return newest
        if self._turns >= _TURNS:
            return max(outer, key=lambda each: each.found.total or 0.0)
        return outer[0]

    def _is_done(self, bar: _Bar) -> bool:
        return bar.is_full or ((bar.found.percent or 0.0) >= _NEARLY and self._takes - bar.seen_at >= _PATIENCE)
