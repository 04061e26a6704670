"""How much memory a task is expected to have a while from now, from what its like did: growth to come, and its end.

A small task may use the room that a growing one wants later, and a long one may count on those that will have ended:
neither is seen by whoever only adds up peaks. Pure.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate
from typing import Final

from procession.policy.footprint import Footprint
from procession.policy.histogram import Buckets, value_of
from procession.policy.tuning import Tuning

AHEAD_S: Final = (3.0, 10.0, 25.0, 50.0, 90.0, 140.0, 200.0, 300.0)
"""The times ahead that are looked at."""

Row = tuple[float, ...]
"""A value for each time ahead."""

NOTHING: Final[Row] = (0.0,) * len(AHEAD_S)
_UNSEEN_WEIGHT: Final = 0.5
_LEAST_SHARE: Final = 0.1
_GO_ON_SHARE: Final = 0.3
"""Beyond the longest run that is known, a run goes on for about so much of its age."""


def constant(value: float) -> Row:
    """The same at any time ahead."""
    return (value,) * len(AHEAD_S)


class Outlook:
    """Of one key, made of its footprint."""

    def __init__(self, footprint: Footprint, tuning: Tuning) -> None:
        self._durations = _Tail(footprint.durations)
        self._halves, self._settled = _Tail(footprint.halves), _Tail(footprint.settled)
        self._trust, self._hurry = tuning.release_trust, tuning.hurry

    def newcomer(self, peak_bytes: float, doubt: float) -> tuple[Row, Row]:
        """Give what one that begins now will take, and the doubts."""
        return self._ahead(0.0, 0.0, peak_bytes, doubt, chance=1.0, done=0.0)

    def running(self, memory_bytes: float, age_s: float, more: float, doubt: float, *, grows: bool) -> tuple[Row, Row]:
        """Give what one of ``age_s`` will take more (or less), if it has all it wants or takes ``more``; the doubts."""
        done = self._grown(age_s)
        chance = 1.0 if grows else self.unsettled(age_s)
        if grows and done >= 1.0:
            done = 0.5
        return self._ahead(memory_bytes, age_s, more, doubt, chance=chance, done=done)

    def mean_share(self) -> float:
        """Say which part of its peak a run holds on average: none of it until it has half, half until it has all."""
        growing_s = (self._halves.mean() + self._settled.mean()) / 2
        return max(1.0 - growing_s / (self._durations.mean() or 1.0), _LEAST_SHARE)

    def unsettled(self, age_s: float) -> float:
        """Say which share of the runs that came so far took more memory later."""
        if not self._settled.total:
            return 1.0
        growing = self._settled.above(age_s)
        return growing / (max(growing, self._durations.above(age_s)) + 0.25)

    def _ahead(
        self, memory: float, age_s: float, more: float, doubt: float, *, chance: float, done: float
    ) -> tuple[Row, Row]:
        extra, doubts = [], []
        live = self._durations.above(age_s) + _UNSEEN_WEIGHT
        lasts_s = _GO_ON_SHARE * age_s + 5.0
        before_s = 0.0
        for ahead_s in AHEAD_S:
            # The worst of all times between two: those that live at the first, grown as at the second.
            lives = self._durations.above(age_s + before_s) + _UNSEEN_WEIGHT * math.exp(-before_s / lasts_s)
            lives = 1.0 - self._trust * (1.0 - min(lives / live, 1.0))
            later_s = self._hurry * (age_s + ahead_s)
            grown = max((self._grown(later_s) - done) / (1.0 - done), 0.02) if done < 1.0 else 1.0
            before_s = ahead_s
            likely = lives * grown * chance
            extra.append(lives * memory + likely * more - memory)
            growth_doubt = likely * (doubt + more * more) - (likely * more) ** 2
            doubts.append(growth_doubt + lives * (1.0 - lives) * memory * memory)
        return tuple(extra), tuple(doubts)

    def _grown(self, age_s: float) -> float:
        """Say which part of its growth a run has behind it at an age: half of it when half of its peak is reached."""
        return 1.0 - (self._halves.share_above(age_s) + self._settled.share_above(age_s)) / 2


class _Tail:
    """A histogram, asked many times how much is above a value."""

    __slots__ = ("_edges", "_sums", "total")

    def __init__(self, buckets: Buckets) -> None:
        ordered = sorted(buckets.items())
        self._edges = [value_of(bucket) for bucket, _ in ordered]
        self._sums = [0.0, *accumulate(weight for _, weight in ordered)]
        self.total = self._sums[-1]

    def above(self, value: float) -> float:
        return self.total - self._sums[bisect_right(self._edges, value)]

    def mean(self) -> float:
        weighted = sum(
            value * (upto - before)
            for value, before, upto in zip(self._edges, self._sums, self._sums[1:], strict=False)
        )
        return weighted / self.total if self.total else 0.0

    def share_above(self, value: float) -> float:
        return self.above(value) / self.total if self.total else 0.0
