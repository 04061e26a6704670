"""What the runs of one command were like: how much memory, for how long, how many processors. Learned, and forgotten.

The weight of a run is halved by every 64 later ones and by every seven days. A run that was cut short might have taken
more: it counts as that much more, and only if that is above the estimate. One value per key, small enough for a row of
a table. ``claims`` makes estimates of it. Pure: the time of day comes in as an argument.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct, field

from procession.policy import histogram
from procession.policy.histogram import Buckets

HALF_LIFE_RUNS: Final = 64.0
HALF_LIFE_S: Final = 7 * 86400.0
ALL: Final = "*"
"""The key under which the runs of all commands are counted together."""

MOST_KEYS: Final = 4096
_SURE_FROM: Final = 8.0
_WIDENED: Final = 0.25
_LEAST_DOUBT: Final = 0.3
_CUT_SHORT_FACTOR: Final = 1.2
_CUT_SHORT_BYTES: Final = 100e6
_SUMS: Final = ("runs", "cpus_sum", "cpus_weight")
_HISTOGRAMS: Final = ("peaks", "durations", "halves", "settled")
_UNSEEN_BYTES: Final = 4e6
_UNSEEN_BYTES_PER_S: Final = 1e9


class Run(Struct, frozen=True, kw_only=True):
    """One run that is over. None: it was never looked at.

    running_s: how long it ran, without the time for which it stood still. half_s, settled_s: after how much of that it
    had half, and nearly all, of the memory it ever took.
    """

    running_s: float
    peak_bytes: float | None = None
    half_s: float | None = None
    settled_s: float | None = None
    cpus: float | None = None
    cut_short: bool = False


class Footprint(Struct, kw_only=True, omit_defaults=True):
    """What is known of one key. ``runs``: the weight of all that counted; sums: of values times their weights."""

    runs: float = 0.0
    learned_at: float = 0.0
    peaks: Buckets = field(default_factory=dict)
    durations: Buckets = field(default_factory=dict)
    halves: Buckets = field(default_factory=dict)
    settled: Buckets = field(default_factory=dict)
    cpus_sum: float = 0.0
    cpus_weight: float = 0.0

    def learn(self, run: Run, wall: float) -> None:
        """Count one more run, which ended at ``wall`` (seconds since the epoch)."""
        if run.cut_short:
            self._learn_least(run, wall)
            return
        self._fade(wall)
        self.runs += 1
        # It was gone before anybody looked: so much it can have taken at the most, and a processor it may have filled.
        peak_bytes = run.peak_bytes or min(_UNSEEN_BYTES + _UNSEEN_BYTES_PER_S * run.running_s, self._most_bytes())
        histogram.add(self.peaks, peak_bytes)
        histogram.add(self.durations, run.running_s)
        if run.half_s is not None:
            histogram.add(self.halves, run.half_s)
        if run.settled_s is not None:
            histogram.add(self.settled, run.settled_s)
        if run.cpus is not None:
            self.cpus_sum += run.cpus
            self.cpus_weight += 1

    def peak_bytes(self, share: float, above: float = 0.0) -> float | None:
        """Say below which peak ``share`` of those runs stayed that reached ``above``. None: no run did.

        Few runs say little: below eight the answer is widened, by up to a quarter.
        """
        value = histogram.quantile(self.peaks, share, above)
        if value is None or self.runs >= _SURE_FROM:
            return value
        return max(value * (1 + _WIDENED / math.sqrt(1 + self.runs)), above)

    def spread(self, above: float = 0.0) -> tuple[float, float] | None:
        """Give mean and variance of the peaks of those runs that reached ``above``. None: no run did.

        Few runs say little: the mean is widened by up to a quarter, and no doubt is smaller than they allow.
        """
        found = histogram.moments(self.peaks, above)
        if found is None:
            return None
        weight, mean, variance = found
        if self.runs < _SURE_FROM:
            mean *= 1 + _WIDENED / math.sqrt(1 + self.runs)
        return mean, max(variance, (_LEAST_DOUBT * mean) ** 2 / (1 + weight))

    def duration_s(self, share: float = 0.5) -> float | None:
        """Say how long ``share`` of the runs lasted at the most."""
        return histogram.quantile(self.durations, share)

    @property
    def cpus(self) -> float | None:
        """How many processors a run keeps busy, on average."""
        return self.cpus_sum / self.cpus_weight if self.cpus_weight > 0 else None

    def _learn_least(self, run: Run, wall: float) -> None:
        if run.peak_bytes is None:
            return
        least = max(_CUT_SHORT_FACTOR * run.peak_bytes, run.peak_bytes + _CUT_SHORT_BYTES)
        if least > (self.peak_bytes(0.9) or 0.0):
            self._fade(wall)
            self.runs += 1
            histogram.add(self.peaks, least)

    def _most_bytes(self) -> float:
        return histogram.value_of(max(self.peaks)) if self.peaks else math.inf

    def _fade(self, wall: float) -> None:
        days = max(wall - self.learned_at, 0.0) / HALF_LIFE_S if self.learned_at else 0.0
        factor = 2.0 ** -(1 / HALF_LIFE_RUNS + min(days, 30.0))
        self.learned_at = max(wall, self.learned_at)
        for name in _HISTOGRAMS:
            histogram.fade(getattr(self, name), factor)
        for name in _SUMS:
            setattr(self, name, getattr(self, name) * factor)


def merged(one: Footprint, other: Footprint) -> Footprint:
    """Put together what two have learned apart, as it is at the later of the two times."""
    wall = max(one.learned_at, other.learned_at)
    parts = [_aged(one, wall), _aged(other, wall)]
    both = Footprint(learned_at=wall)
    for name in _SUMS:
        setattr(both, name, math.fsum(getattr(each, name) for each in parts))
    for name in _HISTOGRAMS:
        setattr(both, name, histogram.merged(getattr(parts[0], name), getattr(parts[1], name)))
    return both


def _aged(footprint: Footprint, wall: float) -> Footprint:
    factor = 2.0 ** -(max(wall - footprint.learned_at, 0.0) / HALF_LIFE_S)
    aged = Footprint(learned_at=wall)
    for name in _SUMS:
        setattr(aged, name, getattr(footprint, name) * factor)
    for name in _HISTOGRAMS:
        setattr(aged, name, {bucket: weight * factor for bucket, weight in getattr(footprint, name).items()})
    return aged


class Footprints:
    """What is known of each key, and of all commands together (``ALL``), the most recently learned ``most`` of them."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self._most = most
        self._known: dict[str, Footprint] = {ALL: Footprint()}
        self._changed: set[str] = set()

    def get(self, key: str) -> Footprint | None:
        """Give what is known of ``key``. None: it never ran, or that is long forgotten."""
        return self._known.get(key)

    @property
    def all(self) -> Footprint:
        """What is known of all commands together."""
        return self._known[ALL]

    def learn(self, key: str, run: Run, wall: float) -> None:
        """Count a run of ``key``."""
        footprint = self._known.pop(key, None) or Footprint()
        self._known[key] = footprint  # the last of them now: the first is the one to forget
        footprint.learn(run, wall)
        self.all.learn(run, wall)
        self._changed.update((key, ALL))
        if len(self._known) > self._most:
            oldest = next(each for each in self._known if each not in (ALL, key))
            del self._known[oldest]
            self._changed.discard(oldest)

    def changed(self) -> dict[str, Footprint]:
        """Give those that have learned since this was asked before, to be kept."""
        changed = {key: self._known[key] for key in self._changed}
        self._changed.clear()
        return changed

    def load(self, kept: Mapping[str, Footprint]) -> None:
        """Take what was kept; what has been learned here before is put together with it."""
        for key, footprint in sorted(kept.items(), key=lambda each: each[1].learned_at):
            known = self._known.pop(key, None)
            self._known[key] = merged(known, footprint) if known is not None and known.runs else footprint
        while len(self._known) > self._most:
            del self._known[next(each for each in self._known if each != ALL)]


encode: Final = msgspec.msgpack.Encoder().encode
"""Gives the bytes in which one is kept."""


def remembered(kept: Mapping[str, bytes]) -> Footprints:
    """Give what was kept; what cannot be read is forgotten, as it may be."""
    footprints = Footprints()
    known = {}
    for key, body in kept.items():
        with contextlib.suppress(msgspec.DecodeError):
            known[key] = msgspec.msgpack.decode(body, type=Footprint)
    footprints.load(known)
    return footprints
