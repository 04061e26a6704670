"""Whether a tree has more memory than is good: two limits, with hysteresis, and how soon the higher one is reached.

A level is left only below nine tenths of its limit: a tree that hovers at it would otherwise raise an alarm with every
sample. The slope is the median of those between samples of the last minute, so that one burst is no trend (Theil-Sen).
Pure.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from procession.model.health import MemoryLevel
from procession.model.usage import TreeUsage

LEFT_BELOW: Final = 0.9
_WORTH_A_LOOK: Final = 0.1
"""Below this share of its limit nobody asks for the slope: most of a thousand trees are."""

SHORTEST_TICK_S: Final = 1.0
LONGEST_TICK_S: Final = 10.0
_LOOKS_BEFORE_CRITICAL: Final = 5
_TREND_S: Final = 60.0
_FORESIGHT_S: Final = 24 * 3600.0


class MemoryLimits(Struct, frozen=True):
    """In bytes: from here on it is high, from here on critical."""

    high_bytes: int
    critical_bytes: int

    @classmethod
    def of(cls, high: float, critical: float, total_bytes: int) -> MemoryLimits:
        """Turn shares of ``total_bytes`` (fractions) into bytes; whole numbers are bytes. High is at most critical."""
        high_bytes, critical_bytes = (
            int(each * total_bytes) if isinstance(each, float) else each for each in (high, critical)
        )
        return cls(min(high_bytes, critical_bytes), critical_bytes)


class MemoryJudgement(Struct, frozen=True):
    """The level, how fast the tree grows, and when it will be critical if it grows on like this."""

    level: MemoryLevel
    slope_bytes_per_s: float | None = None
    critical_in_s: float | None = None


def judge_memory(before: MemoryLevel, samples: Sequence[TreeUsage], limits: MemoryLimits) -> MemoryJudgement:
    """Judge the last of ``samples``, the oldest of which comes first."""
    if not samples:
        return MemoryJudgement(before)
    memory_bytes = samples[-1].memory_bytes
    if before == "ok" and memory_bytes < _WORTH_A_LOOK * limits.high_bytes:
        return MemoryJudgement("ok")
    slope = slope_bytes_per_s(samples)
    critical_in_s = None
    if slope is not None and slope > 0 and memory_bytes < limits.critical_bytes:
        seconds = (limits.critical_bytes - memory_bytes) / slope
        critical_in_s = seconds if seconds <= _FORESIGHT_S else None
    return MemoryJudgement(_level(before, memory_bytes, limits), slope, critical_in_s)


def next_tick_s(samples: Sequence[TreeUsage], limits: MemoryLimits) -> float:
    """Say after how long to look at a tree again: 10 s, and down to 1 s while it grows fast.

    Whoever would be critical soon, growing as between its last two samples, is seen five times until then. For a trend
    two samples are too few, for looking sooner they are enough: a burst costs one look more. Three at the usual pace
    would take 20 s, in which a program can take all there is.
    """
    if len(samples) < 2:
        return LONGEST_TICK_S
    before, last = samples[-2], samples[-1]
    grown_bytes, passed_s = last.memory_bytes - before.memory_bytes, last.at - before.at
    if grown_bytes <= 0 or passed_s <= 0:
        return LONGEST_TICK_S
    critical_in_s = max(limits.critical_bytes - last.memory_bytes, 0) * passed_s / grown_bytes
    return min(max(critical_in_s / _LOOKS_BEFORE_CRITICAL, SHORTEST_TICK_S), LONGEST_TICK_S)


def slope_bytes_per_s(samples: Sequence[TreeUsage]) -> float | None:
    """Say how fast it grew in the last minute; None before there are three samples of it."""
    recent = [each for each in samples if samples[-1].at - each.at <= _TREND_S]
    slopes = [
        (later.memory_bytes - sooner.memory_bytes) / (later.at - sooner.at)
        for index, sooner in enumerate(recent)
        for later in recent[index + 1 :]
        if later.at > sooner.at
    ]
    return statistics.median(slopes) if len(recent) >= 3 and slopes else None


def _level(before: MemoryLevel, memory_bytes: int, limits: MemoryLimits) -> MemoryLevel:
    keeps_critical = before == "critical" and memory_bytes >= LEFT_BELOW * limits.critical_bytes
    if memory_bytes >= limits.critical_bytes or keeps_critical:
        return "critical"
    keeps_high = before != "ok" and memory_bytes >= LEFT_BELOW * limits.high_bytes
    return "high" if memory_bytes >= limits.high_bytes or keeps_high else "ok"
