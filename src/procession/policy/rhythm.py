"""A task's own rhythm: how long its pauses are, and how long one must be to be none of them.

The accrual failure detector of Hayashibara and others ("The φ Accrual Failure Detector", 2004), over the *logarithm* of
the pauses: a few of minutes among many of milliseconds are no normal distribution, but come near to one so.
Pure, in constant memory (Welford's sums).
"""

from __future__ import annotations

import math
from typing import Final

LEAST_PAUSES: Final = 20
_DEVIATIONS: Final = 3.719
"""So many standard deviations are exceeded once in 10,000 pauses."""

_SHORTEST_S: Final = 0.01
_LONGEST_FACTOR: Final = 48.0
"""However odd the rhythm, nothing is waited for longer than so many times the configured threshold: 4 h for 5 min."""


class Rhythm:
    """Learns from each pause; gives the threshold."""

    __slots__ = ("_count", "_mean", "_squares")

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0

    def take(self, pause_s: float) -> None:
        """Learn from a pause that has ended."""
        value = math.log(max(pause_s, _SHORTEST_S))
        self._count += 1
        step = value - self._mean
        self._mean += step / self._count
        self._squares += step * (value - self._mean)

    def threshold_s(self, configured_s: float) -> float:
        """Say how long a pause must last to be believed no pause: never less than is configured."""
        if self._count < LEAST_PAUSES or math.isinf(configured_s):
            return configured_s
        deviation = math.sqrt(self._squares / (self._count - 1))
        exponent = min(self._mean + _DEVIATIONS * deviation, 50.0)
        return min(max(configured_s, math.exp(exponent)), configured_s * _LONGEST_FACTOR)

    @property
    def pauses(self) -> int:
        """How many it has learned from."""
        return self._count
