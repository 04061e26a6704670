"""A histogram that forgets: buckets 5 % wide, weights that are halved as runs and days go by. Pure values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

Buckets = dict[int, float]
"""The weight in each bucket; the number of a bucket is the logarithm of its lower edge."""

WIDTH: Final = math.log(1.05)
MOST: Final = 48
"""Buckets that one histogram may have; beyond it the lightest is given to its neighbour."""

_FORGOTTEN: Final = 0.02


def bucket_of(value: float) -> int:
    """Say into which bucket ``value`` (above 0) belongs."""
    return math.floor(math.log(max(value, 1e-3)) / WIDTH)


def value_of(bucket: int) -> float:
    """Say what a bucket stands for: its middle."""
    return math.exp((bucket + 0.5) * WIDTH)


def add(buckets: Buckets, value: float, weight: float = 1.0) -> None:
    """Count ``value``."""
    bucket = bucket_of(value)
    buckets[bucket] = buckets.get(bucket, 0.0) + weight
    if len(buckets) > MOST:
        _join_lightest(buckets)


def fade(buckets: Buckets, factor: float) -> None:
    """Let all that was counted weigh ``factor`` of what it did; drop what weighs next to nothing."""
    for bucket in list(buckets):
        weight = buckets[bucket] * factor
        if weight < _FORGOTTEN and len(buckets) > 1:
            del buckets[bucket]
        else:
            buckets[bucket] = weight


def merged(one: Buckets, other: Buckets) -> Buckets:
    """Put two together."""
    both = dict(one)
    for bucket, weight in other.items():
        both[bucket] = both.get(bucket, 0.0) + weight
    while len(both) > MOST:
        _join_lightest(both)
    return both


def quantile(buckets: Buckets, share: float, at_least: float = 0.0) -> float | None:
    """Say which value ``share`` of what was counted is below, among values from ``at_least`` up. None: no value."""
    least = bucket_of(at_least) if at_least > 0 else -(1 << 30)
    return _quantile(sorted(each for each in buckets.items() if each[0] >= least), share)


def moments(buckets: Buckets, at_least: float = 0.0) -> tuple[float, float, float] | None:
    """Give weight, mean and variance of what was counted from ``at_least`` up. None: nothing was."""
    least = bucket_of(at_least) if at_least > 0 else -(1 << 30)
    counted = [(value_of(bucket), weight) for bucket, weight in buckets.items() if bucket >= least]
    total = math.fsum(weight for _, weight in counted)
    if not total:
        return None
    mean = math.fsum(value * weight for value, weight in counted) / total
    return total, mean, math.fsum((value - mean) ** 2 * weight for value, weight in counted) / total


def weight_above(buckets: Buckets, value: float) -> float:
    """Weigh what is above ``value``."""
    bucket = bucket_of(value)
    return math.fsum(weight for each, weight in buckets.items() if each > bucket)


def _quantile(ordered: list[tuple[int, float]], share: float) -> float | None:
    if not ordered:
        return None
    wanted = share * math.fsum(weight for _, weight in ordered)
    for bucket, weight in ordered:
        wanted -= weight
        if wanted <= 1e-9:
            return value_of(bucket)
    return value_of(ordered[-1][0])


def _join_lightest(buckets: Buckets) -> None:
    lightest = min(buckets, key=lambda each: buckets[each])
    weight = buckets.pop(lightest)
    nearest = min(_neighbours(buckets, lightest), key=lambda each: abs(each - lightest))
    buckets[nearest] += weight


def _neighbours(buckets: Buckets, bucket: int) -> Iterable[int]:
    """Those above it, if there are any: what is forgotten must not make an estimate smaller."""
    return [each for each in buckets if each > bucket] or list(buckets)
