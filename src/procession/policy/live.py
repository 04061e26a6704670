"""One task that lives, as admission sees it: what it took at each look, if it still grows, what it may yet take."""

from __future__ import annotations

import math
from typing import Final

from procession.policy.admission import Newcomer, Use
from procession.policy.footprint import Run
from procession.policy.outlook import NOTHING

_GROWN: Final = 1.02
_STEP: Final = 1.05
_NEARLY_ALL: Final = 0.93
_FLAT_AFTER_S: Final = 4.0
_CPU_MEMORY_S: Final = 3.0


class Live:
    """Mutable, of `procession.policy.adaptive` alone. Times at rest do not count as running."""

    __slots__ = (
        "_cpu_s",
        "_cpu_time_s",
        "_grew_at_s",
        "_growth_from",
        "_looked_at",
        "_ran_s",
        "_resumed_at",
        "_steps",
        "_wanted_cpu_s",
        "ahead",
        "asked_at",
        "began",
        "by_guard",
        "cpus",
        "doubt",
        "doubts",
        "fastest",
        "fraction",
        "has_waited",
        "key",
        "leaving_since",
        "measured_cpus",
        "memory_bytes",
        "more",
        "newcomer",
        "peak_bytes",
        "rate",
        "rests",
        "saving",
        "senior",
        "spread",
        "still",
        "unsaved_s",
        "wants_cpus",
        "weighed_as",
        "weighed_s",
    )  # fmt: skip

    def __init__(self, newcomer: Newcomer, senior: int, now: float) -> None:
        self.newcomer, self.key, self.senior = newcomer, newcomer.key, senior
        self.began = self._resumed_at = self._looked_at = now
        self.memory_bytes = self.peak_bytes = 0
        self.rate = 0.0  # bytes per second, since the look before
        self.fastest = 0.0  # that it ever was
        self.cpus: float | None = None  # it wants, as far as it could be seen
        self.measured_cpus = 0.0  # it got, at the last look
        self.spread: tuple[tuple[int, float], tuple[float, float] | None] | None = None  # kept by `claims`
        self.fraction: float | None = None
        self.still = self.by_guard = self.saving = False
        self.has_waited = False  # as the most senior, for room, as long as it may have to
        self.rests = 0  # how often it was suspended to make room
        self.asked_at = self.leaving_since = -math.inf
        self.weighed_as: tuple[tuple[int, float], bool] | None = None  # likewise
        self.weighed_s = 0.0
        self.more = self.doubt = self.wants_cpus = 0.0
        self.ahead = self.doubts = NOTHING  # what is expected of it at each time ahead; see `outlook`
        self._ran_s = self._cpu_s = self._wanted_cpu_s = self._cpu_time_s = 0.0
        self._grew_at_s, self._growth_from = 0.0, 0.0
        self._steps: list[tuple[float, int]] = []

    def see(self, use: Use, now: float, *, crowded: bool) -> None:
        """Take what a look has shown. crowded: all processors are busy, so that whoever gets less may want more."""
        passed_s, before = now - self._looked_at, self.memory_bytes
        running_s = self.running_s(now)
        self.memory_bytes, self.fraction, self._looked_at = use.memory_bytes, use.fraction, now
        if passed_s > 0:
            self.rate = max(use.memory_bytes - before, 0) / passed_s
            self.fastest = max(self.fastest, self.rate)
        if use.memory_bytes > self._growth_from * _GROWN:
            self._growth_from, self._grew_at_s = use.memory_bytes, running_s
        if use.memory_bytes > self.peak_bytes:
            self.peak_bytes = use.memory_bytes
            if not self._steps or use.memory_bytes > self._steps[-1][1] * _STEP:
                self._steps.append((running_s, use.memory_bytes))
        if use.cpus is not None and not self.still and passed_s > 0:
            self._see_cpus(use.cpus, passed_s, crowded=crowded)

    def running_s(self, now: float) -> float:
        """Say for how long it has run, without its rests."""
        return self._ran_s if self.still else self._ran_s + now - self._resumed_at

    def flat_s(self, now: float) -> float:
        """Say for how long, of its running time, it has not grown by 2 %."""
        return self.running_s(now) - self._grew_at_s

    def grows(self, now: float) -> bool:
        """Say whether it has grown lately."""
        return self.flat_s(now) < _FLAT_AFTER_S

    @property
    def looked_at(self) -> bool:
        """Whether anything of it has been seen."""
        return self.peak_bytes > 0

    @property
    def may_take(self) -> float:
        """How much more memory it may take, at the most that is likely."""
        return self.more + math.sqrt(max(self.doubt, 0.0)) / 2

    def rest(self, now: float) -> None:
        """It stands still from now on."""
        if not self.still:
            self._ran_s, self.still, self.rate = self.running_s(now), True, 0.0

    def go_on(self, now: float) -> None:
        """It runs again."""
        if self.still:
            self.still, self.by_guard, self._resumed_at, self._looked_at = False, False, now, now

    def lost_s(self, now: float) -> float:
        """Say how much work would be lost with it, in seconds of one processor."""
        return max(self._cpu_s, 0.1 * self.running_s(now))

    def run(self, now: float, *, cut_short: bool) -> Run:
        """Sum up, at its end."""
        return Run(
            running_s=max(self.running_s(now), 1e-3),
            peak_bytes=self.peak_bytes or None,
            half_s=self._reached_s(0.5),
            settled_s=self._reached_s(_NEARLY_ALL),
            cpus=self._wanted_cpu_s / self._cpu_time_s if self._cpu_time_s > 0 else None,
            cut_short=cut_short,
        )

    def _see_cpus(self, cpus: float, passed_s: float, *, crowded: bool) -> None:
        self.measured_cpus = cpus
        self._cpu_s += cpus * passed_s
        if self.cpus is None:
            self.cpus = cpus
        elif cpus > self.cpus or not crowded:
            self.cpus += (1 - math.exp(-passed_s / _CPU_MEMORY_S)) * (cpus - self.cpus)
        self._wanted_cpu_s += max(cpus, self.cpus) * passed_s
        self._cpu_time_s += passed_s

    def _reached_s(self, share: float) -> float | None:
        return next((max(age, 1e-3) for age, size in self._steps if size >= share * self.peak_bytes), None)
