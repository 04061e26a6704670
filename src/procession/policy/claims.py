"""What a task may need that has not begun, and what one that runs may still reach: from all that is known of its like.

In this order: what its owner declared; earlier runs of the same key; those of the same key that run now; all commands;
a careful guess. Never more than the evidence. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from procession.model.amounts import format_size
from procession.model.machine import Machine
from procession.policy.admission import Newcomer, Queued
from procession.policy.footprint import Footprint, Footprints
from procession.policy.histogram import bucket_of
from procession.policy.live import Live
from procession.policy.tuning import Tuning

_KNOWN_FROM: Final = 0.3
"""So much weight of runs makes a key known: one run of two weeks ago does hardly."""

_YOUNG_S: Final = 2.0
_SETTLED_BELOW: Final = 0.1
_HEADROOM: Final = 1.02


class Claim(Struct, frozen=True):
    """What a task that has not begun may need, and where that is known from.

    weight: so much of the memory is counted on. known: by its owner's word or from runs that are over.
    """

    memory_bytes: float
    weight: float
    cpus: float
    duration_s: float | None
    source: str
    known: bool


class Alive(Struct):
    """What those of one key that run now have shown. ``seen``: how many of ``live`` were looked at."""

    live: int = 0
    seen: int = 0
    peak_bytes: float = 0.0
    grown: int = 0
    cpus: float = 0.0


class Claims:
    """Estimates, kept until something is learned that changes them."""

    def __init__(self, footprints: Footprints, tuning: Tuning) -> None:
        self.footprints = footprints
        self._tuning = tuning
        self._alive: dict[str, Alive] = {}
        self._of_keys: dict[tuple[str, int, float], Claim] = {}

    def begun(self, key: str) -> None:
        """One more of ``key`` lives."""
        self._alive.setdefault(key, Alive()).live += 1

    def ended(self, live: Live, *, learned: bool) -> None:
        """One less of its key lives; if something was ``learned``, estimates of the key are made anew."""
        alive = self._alive[live.key]
        alive.live -= 1
        if alive.live <= 0:
            del self._alive[live.key]
        if learned:
            for each in [each for each in self._of_keys if each[0] == live.key]:
                del self._of_keys[each]

    def look(self, lives: Iterable[Live], now: float) -> None:
        """Gather what those that run show, by key."""
        alive: dict[str, Alive] = {}
        for each in lives:
            of_key = alive.get(each.key)
            if of_key is None:
                of_key = alive[each.key] = Alive()
            of_key.live += 1
            if each.looked_at and now - each.began >= self._tuning.seen_after_s:
                of_key.seen += 1
                of_key.peak_bytes = max(of_key.peak_bytes, each.peak_bytes)
                of_key.grown += each.grows(now)
                of_key.cpus += 1.0 if each.cpus is None else each.cpus
        self._alive = alive
        self._of_keys = {place: claim for place, claim in self._of_keys.items() if claim.known}

    def may_ramp(self, key: str) -> bool:
        """Say whether one more of a key may start of which no run is over: more each time some have been seen."""
        alive = self._alive.get(key)
        return alive is None or alive.live - alive.seen < max(1.0, self._tuning.ramp * alive.seen)

    def of_candidate(self, queued: Queued, machine: Machine) -> Claim:
        """Say what the oldest of ``queued`` may need."""
        need = queued.need
        place = (queued.key, -1 if need.memory_bytes is None else need.memory_bytes, need.cpus or -1.0)
        claim = self._of_keys.get(place)
        if claim is None:
            claim = self._of_keys[place] = self._of_candidate(queued, machine)
        return claim

    def of_newcomer(self, newcomer: Newcomer, machine_total_bytes: int) -> float:
        """Say how much memory one may take that begins now: what it was let in with."""
        if newcomer.need.memory_bytes is not None:
            return newcomer.need.memory_bytes
        for (key, declared, _), claim in self._of_keys.items():
            if key == newcomer.key and declared < 0:
                return claim.memory_bytes
        footprint = self._known(newcomer.key)
        peak = footprint.peak_bytes(self._tuning.candidate_quantile) if footprint is not None else None
        return peak if peak is not None else machine_total_bytes / 64

    def reach(self, live: Live, machine_total_bytes: int, now: float) -> float:
        """Say how much memory a running task may have at its end, at the most that is likely."""
        declared = live.newcomer.need.memory_bytes
        if declared is not None and live.peak_bytes <= declared:
            return declared
        footprint = self._known(live.key)
        running_s = live.running_s(now)
        if footprint is None or declared is not None:
            reach = self._reach_unknown(live, running_s, now)
        else:
            reach = self._reach_known(live, footprint, running_s, now)
        return min(max(reach, live.memory_bytes), machine_total_bytes)

    def weight_of(self, key: str, *, declared: bool = False) -> float:
        """Say which part of a claim is counted on: those that seldom have their peak share it with others."""
        if declared:
            return 1.0
        footprint = self._known(key)
        share = footprint.mean_share if footprint is not None else None
        if share is None:
            return self._tuning.unknown_weight
        return min(max(self._tuning.weight_per_share * share, self._tuning.least_weight), 1.0)

    def cpus_of(self, live: Live, now: float) -> float:
        """Say how many processors a running task will keep busy: the young as their like did, or one."""
        declared = live.newcomer.need.cpus
        if live.cpus is not None and live.running_s(now) >= _YOUNG_S:
            return max(live.cpus, declared or 0.0)
        return self._cpus(live.key) if declared is None else declared

    def _of_candidate(self, queued: Queued, machine: Machine) -> Claim:
        memory_bytes, source, known = self._memory(queued.key, machine)
        need = queued.need
        if need.memory_bytes is not None:
            memory_bytes, source, known = need.memory_bytes, "declared", True
        footprint = self._known(queued.key)
        return Claim(
            memory_bytes=min(memory_bytes, machine.memory_total_bytes),
            weight=self.weight_of(queued.key, declared=need.memory_bytes is not None),
            cpus=self._cpus(queued.key) if need.cpus is None else need.cpus,
            duration_s=footprint.duration_s() if footprint is not None else None,
            source=source,
            known=known,
        )

    def _memory(self, key: str, machine: Machine) -> tuple[float, str, bool]:
        share = self._tuning.candidate_quantile
        footprint, alive = self._known(key), self._alive.get(key)
        if footprint is not None:
            peak = footprint.peak_bytes(share)
            assert peak is not None
            runs = max(round(footprint.runs), 1)
            return peak, f"learned from {runs} run{'s' * (runs != 1)}, p{round(100 * share)}", True
        if alive is not None and alive.seen:
            factor = 1.5 if alive.grown else 1.1
            return factor * alive.peak_bytes, f"{alive.seen} like it took up to {format_size(alive.peak_bytes)}", False
        everything = self.footprints.all
        if everything.runs >= 4 and (peak := everything.peak_bytes(self._tuning.running_quantile)):
            return peak, "nothing is known of its like; learned from all commands", False
        return machine.memory_total_bytes / (4 * max(machine.cpus, 1.0)), "nothing is known of its like", False

    def _reach_known(self, live: Live, footprint: Footprint, running_s: float, now: float) -> float:
        flat = not live.grows(now)
        if flat and live.looked_at and footprint.unsettled(running_s) < _SETTLED_BELOW:
            return live.memory_bytes * _HEADROOM
        place = bucket_of(live.peak_bytes), footprint.runs
        if live.reach_at is None or live.reach_at[0] != place:
            live.reach_at = place, footprint.peak_bytes(self._tuning.running_quantile, live.peak_bytes) or 0.0
        return live.reach_at[1] or self._reach_unknown(live, running_s, now)

    def _reach_unknown(self, live: Live, running_s: float, now: float) -> float:
        """Growth that lasts goes on for as long as it has so far; whoever is flat has what it needs."""
        if not live.looked_at:
            return live.claim
        if not live.grows(now):
            return live.peak_bytes * _HEADROOM
        return live.peak_bytes + min(live.peak_bytes, live.rate * running_s)

    def _cpus(self, key: str) -> float:
        footprint, alive = self.footprints.get(key), self._alive.get(key)
        if footprint is not None and footprint.cpus is not None:
            return footprint.cpus
        return alive.cpus / alive.seen if alive is not None and alive.seen else 1.0

    def _known(self, key: str) -> Footprint | None:
        footprint = self.footprints.get(key)
        return footprint if footprint is not None and footprint.runs >= _KNOWN_FROM and footprint.peaks else None
