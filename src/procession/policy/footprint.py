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
_CUT_SHORT_FACTOR: Final = 1.2
_CUT_SHORT_BYTES: Final = 100e6
_UNSEEN_BYTES: Final = 4e6
_UNSEEN_BYTES_PER_S: Final = 1e9


class Run(Struct, frozen=True, kw_only=True):
    """One run that is over. None: it was never looked at.

    running_s: how long it ran, without the time for which it stood still. settled_s: after how much of that it had
    nearly all the memory it ever took. mean_share: its memory on average, as a share of the peak.
    """

    running_s: float
    peak_bytes: float | None = None
    settled_s: float | None = None
    mean_share: float | None = None
    cpus: float | None = None
    cut_short: bool = False


class Footprint(Struct, kw_only=True, omit_defaults=True):
    """What is known of one key. ``runs``: the weight of all that counted; sums: of values times their weights."""

    runs: float = 0.0
    learned_at: float = 0.0
    peaks: Buckets = field(default_factory=dict)
    durations: Buckets = field(default_factory=dict)
    settled: Buckets = field(default_factory=dict)
    cpus_sum: float = 0.0
    cpus_weight: float = 0.0
    share_sum: float = 0.0
    share_weight: float = 0.0

    def learn(self, run: Run, wall: float) -> None:
        """Count one more run, which ended at ``wall`` (seconds since the epoch)."""
        self._fade(wall)
        if run.cut_short:
            self._learn_least(run)
            return
        self.runs += 1
        # It was gone before anybody looked: so much it can have taken at the most, and a processor it may have filled.
        peak_bytes = run.peak_bytes or min(_UNSEEN_BYTES + _UNSEEN_BYTES_PER_S * run.running_s, self._most_bytes())
        histogram.add(self.peaks, peak_bytes)
        histogram.add(self.durations, run.running_s)
        if run.settled_s is not None:
            histogram.add(self.settled, run.settled_s)
        if run.cpus is not None:
            self.cpus_sum += run.cpus
            self.cpus_weight += 1
        if run.mean_share is not None:
            self.share_sum += run.mean_share
            self.share_weight += 1

    def peak_bytes(self, share: float, above: float = 0.0) -> float | None:
        """Say below which peak ``share`` of those runs stayed that reached ``above``. None: no run did.

        Few runs say little: below eight the answer is widened, by up to a quarter.
        """
        value = histogram.quantile(self.peaks, share, above)
        if value is None or self.runs >= _SURE_FROM:
            return value
        return max(value * (1 + 0.25 / math.sqrt(1 + self.runs)), above)

    def duration_s(self, share: float = 0.5) -> float | None:
        """Say how long ``share`` of the runs lasted at the most."""
        return histogram.quantile(self.durations, share)

    def unsettled(self, running_s: float) -> float:
        """Say which share of the runs that came so far took more memory later (0 to 1); 1 if nothing is known."""
        total = math.fsum(self.settled.values())
        if not total:
            return 1.0
        growing = histogram.weight_above(self.settled, running_s)
        return growing / (growing + histogram.weight_above(self.durations, running_s) + 0.25) if growing else 0.0

    @property
    def cpus(self) -> float | None:
        """How many processors a run keeps busy, on average."""
        return self.cpus_sum / self.cpus_weight if self.cpus_weight > 0 else None

    @property
    def mean_share(self) -> float | None:
        """Which share of its peak a run takes on average."""
        return self.share_sum / self.share_weight if self.share_weight > 0 else None

    def _learn_least(self, run: Run) -> None:
        if run.peak_bytes is None:
            return
        least = max(_CUT_SHORT_FACTOR * run.peak_bytes, run.peak_bytes + _CUT_SHORT_BYTES)
        if least > (self.peak_bytes(0.9) or 0.0):
            self.runs += 1
            histogram.add(self.peaks, least)

    def _most_bytes(self) -> float:
        return histogram.value_of(max(self.peaks)) if self.peaks else math.inf

    def _fade(self, wall: float) -> None:
        days = max(wall - self.learned_at, 0.0) / HALF_LIFE_S if self.learned_at else 0.0
        factor = 2.0 ** -(1 / HALF_LIFE_RUNS + min(days, 30.0))
        self.learned_at = max(wall, self.learned_at)
        for buckets in (self.peaks, self.durations, self.settled):
            histogram.fade(buckets, factor)
        self.runs *= factor
        self.cpus_sum *= factor
        self.cpus_weight *= factor
        self.share_sum *= factor
        self.share_weight *= factor


def merged(one: Footprint, other: Footprint) -> Footprint:
    """Put together what two have learned apart, as it is at the later of the two times."""
    wall = max(one.learned_at, other.learned_at)
    a, b = _aged(one, wall), _aged(other, wall)
    return Footprint(
        runs=a.runs + b.runs,
        learned_at=wall,
        peaks=histogram.merged(a.peaks, b.peaks),
        durations=histogram.merged(a.durations, b.durations),
        settled=histogram.merged(a.settled, b.settled),
        cpus_sum=a.cpus_sum + b.cpus_sum,
        cpus_weight=a.cpus_weight + b.cpus_weight,
        share_sum=a.share_sum + b.share_sum,
        share_weight=a.share_weight + b.share_weight,
    )


def _aged(footprint: Footprint, wall: float) -> Footprint:
    factor = 2.0 ** -(max(wall - footprint.learned_at, 0.0) / HALF_LIFE_S)

    def scaled(buckets: Buckets) -> Buckets:
        return {bucket: weight * factor for bucket, weight in buckets.items()}

    return Footprint(
        runs=footprint.runs * factor,
        learned_at=wall,
        cpus_sum=footprint.cpus_sum * factor,
        cpus_weight=footprint.cpus_weight * factor,
        share_sum=footprint.share_sum * factor,
        share_weight=footprint.share_weight * factor,
        peaks=scaled(footprint.peaks),
        durations=scaled(footprint.durations),
        settled=scaled(footprint.settled),
    )


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
