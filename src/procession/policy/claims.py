"""What a task may need that has not begun, and what one that runs may still take: from all that is known of its like.

In this order: what its owner declared; earlier runs of the same key; those of the same key that run now; all commands;
a careful guess. Each is an expectation and a doubt (a variance): expectations add up, and of doubts the squares do, so
that many small doubts matter little and one large one much. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from procession.model.machine import Machine
from procession.policy.admission import Queued
from procession.policy.footprint import Footprint, Footprints
from procession.policy.histogram import bucket_of
from procession.policy.live import Live
from procession.policy.outlook import NOTHING, Outlook, Row, constant
from procession.policy.tuning import Tuning

_KNOWN_FROM: Final = 0.3
"""So much weight of runs makes a key known: one run of two weeks ago does hardly."""

_ALL_KNOWN_FROM: Final = 4.0
_WELL_KNOWN_FROM: Final = 32.0
_SEVERAL: Final = 3.0
_BEYOND_SHARE: Final = 0.1
_NEWS: Final = 16
"""Thousands of short runs a second are learned from; not each makes all estimates be made anew."""

_MOST_KEPT: Final = 512
_YOUNG_S: Final = 2.0
_STALE_FACTOR: Final = 1.02
_STALE_S: Final = 0.2
"""An outlook is made anew when a task is so much older, unless it grew: most looks find nothing new."""

_IDLE_CPUS: Final = 0.02
_IDLE_FLAT_S: Final = 0.2
"""Whoever computes nothing takes no memory either: its silence is believed soon."""


class Claim(Struct, frozen=True):
    """What a task that has not begun may need, and where that is known from.

    memory_bytes: at its peak, as expected; doubt: the variance of that. ahead, doubts: the same at each time ahead.
    mean_bytes: over its whole run. known: by its owner's word or from runs that are over.
    """

    memory_bytes: float
    doubt: float
    ahead: Row
    doubts: Row
    cpus: float
    duration_s: float | None
    mean_bytes: float
    source: str
    known: bool


class _Alive(Struct):
    """What those of one key that run now have shown. ``seen``: how many of ``live`` were looked at and not newborn."""

    live: int = 0
    seen: int = 0
    reach: float = 0.0
    cpus: float = 0.0


class Claims:
    """Estimates, kept until something is learned that changes them."""

    def __init__(self, footprints: Footprints, tuning: Tuning) -> None:
        self.footprints = footprints
        self._tuning = tuning
        self._alive: dict[str, _Alive] = {}
        self._of_keys: dict[tuple[str, float, float], Claim] = {}
        self._outlooks: dict[str, Outlook] = {}
        self._unread: dict[str, int] = {}

    def begun(self, key: str) -> None:
        """One more of ``key`` lives."""
        self._alive.setdefault(key, _Alive()).live += 1

    def ended(self, live: Live) -> None:
        """One less of its key lives, and something was learned: estimates of the key are made anew."""
        alive = self._alive[live.key]
        alive.live -= 1
        if alive.live <= 0:
            del self._alive[live.key]
        if not self._is_news(live.key):
            return
        self._outlooks.pop(live.key, None)
        for each in [each for each in self._of_keys if each[0] == live.key]:
            del self._of_keys[each]

    def look(self, lives: Iterable[Live], now: float) -> None:
        """Gather what those that run show, by key."""
        alive: dict[str, _Alive] = {}
        for each in lives:
            of_key = alive.get(each.key)
            if of_key is None:
                of_key = alive[each.key] = _Alive()
            of_key.live += 1
            # Once more than once: whether it computes, and so may take more, shows only between two looks.
            if (
                each.looked_at
                and (each.cpus is not None or each.still)
                and now - each.began >= self._tuning.seen_after_s
            ):
                of_key.seen += 1
                of_key.reach += max(each.peak_bytes, each.memory_bytes + each.more)
                of_key.cpus += 1.0 if each.cpus is None else each.cpus
        self._alive = alive
        if len(self._outlooks) > _MOST_KEPT:
            self._outlooks.clear()
            self._unread.clear()
        self._of_keys = {place: claim for place, claim in self._of_keys.items() if claim.known}

    def may_ramp(self, key: str) -> bool:
        """Say whether one more of a key may start of which no run is over: more each time some have been seen."""
        alive = self._alive.get(key)
        return alive is None or alive.live - alive.seen < max(1.0, self._tuning.ramp * alive.seen)

    def of_candidate(self, queued: Queued, machine: Machine) -> Claim:
        """Say what the oldest of ``queued`` may need."""
        need = queued.need
        place = (queued.key, need.memory_bytes or -1.0, need.cpus or -1.0)
        claim = self._of_keys.get(place)
        if claim is None:
            claim = self._of_keys[place] = self._of_candidate(queued, machine)
        return claim

    def begin(self, live: Live, machine: Machine) -> None:
        """Count on what it was let in with."""
        of_key = Queued(live.newcomer.id, live.key, live.newcomer.need)
        claim = self.of_candidate(of_key, machine)
        live.more, live.doubt, live.ahead, live.doubts = claim.memory_bytes, claim.doubt, claim.ahead, claim.doubts
        live.wants_cpus = claim.cpus

    def weigh(self, live: Live, machine: Machine, now: float) -> None:
        """Say anew how much more a running task may take, and how many processors."""
        footprint, declared = self._known(live.key), live.newcomer.need.memory_bytes
        if declared is not None and live.peak_bytes <= declared:
            live.more, live.doubt = float(declared - live.memory_bytes), 0.0
            live.ahead, live.doubts = constant(live.more), NOTHING
        elif not live.looked_at:
            pass  # what it was let in with is all that is known
        elif footprint is None or not self._weigh_known(live, footprint, now):
            self._weigh_unknown(live, machine, now)
        live.wants_cpus = self._cpus_of(live, now)

    def _weigh_known(self, live: Live, footprint: Footprint, now: float) -> bool:
        """Say what those took more that came as far; how likely it is that it has all it wants shows its age."""
        place = bucket_of(live.peak_bytes), footprint.runs
        if live.spread is None or live.spread[0] != place:
            live.spread = place, footprint.spread(live.peak_bytes) or _beyond(footprint, live.peak_bytes)
        spread = live.spread[1]
        if spread is None:
            return False
        age_s, grows = live.running_s(now), live.grows(now)
        if live.weighed_as == (place, grows) and age_s < live.weighed_s * _STALE_FACTOR + _STALE_S:
            return True
        live.weighed_as, live.weighed_s = (place, grows), age_s
        outlook = self._outlook(live.key, footprint)
        more = max(spread[0] - live.memory_bytes, 0.0)
        chance = 1.0 if grows else outlook.unsettled(age_s)
        live.more = chance * more
        live.doubt = chance * (spread[1] + more * more) - live.more * live.more
        live.ahead, live.doubts = outlook.running(live.memory_bytes, age_s, more, spread[1], grows=grows)
        return True

    def _weigh_unknown(self, live: Live, machine: Machine, now: float) -> None:
        """Growth that lasts goes on for as long as it has so far; whoever stays flat has, more and more likely, all."""
        guess = max(self._reach_of_like(live.key) or self._guess(machine), live.peak_bytes) - live.memory_bytes
        flat_s = live.flat_s(now)
        patience_s = self._tuning.unknown_flat_s
        if live.cpus is not None and live.cpus < _IDLE_CPUS:
            patience_s = _IDLE_FLAT_S
        more = guess * math.exp(-flat_s / patience_s)
        if live.grows(now):
            lasting = live.peak_bytes / max(live.running_s(now), 0.5) * live.running_s(now)
            more = max(more, min(lasting, live.peak_bytes) * math.exp(-flat_s / patience_s))
        counted = self._tuning.unknown_weight * more
        live.more, live.doubt = more, more * more
        live.ahead, live.doubts = constant(counted), constant(counted * counted)

    def _cpus_of(self, live: Live, now: float) -> float:
        """Say how many processors it will keep busy: the young as their like did, or one."""
        declared = live.newcomer.need.cpus
        if live.cpus is not None and live.running_s(now) >= _YOUNG_S:
            return max(live.cpus, declared or 0.0)
        return self._cpus(live.key) if declared is None else declared

    def _of_candidate(self, queued: Queued, machine: Machine) -> Claim:
        need, footprint = queued.need, self._known(queued.key)
        outlook = self._outlook(queued.key, footprint) if footprint is not None else None
        memory_bytes, doubt, source = self._memory(queued.key, footprint, machine)
        counted = self._tuning.unknown_weight * memory_bytes
        ahead, doubts = constant(counted), constant(self._tuning.unknown_weight**2 * doubt)
        if need.memory_bytes is not None:
            memory_bytes, doubt, source = float(need.memory_bytes), 0.0, "declared"
            ahead, doubts = constant(memory_bytes), NOTHING
        elif outlook is not None:
            ahead, doubts = outlook.newcomer(memory_bytes, doubt)
        return Claim(
            memory_bytes=min(memory_bytes, machine.memory_total_bytes),
            doubt=doubt,
            ahead=ahead,
            doubts=doubts,
            cpus=self._cpus(queued.key) if need.cpus is None else need.cpus,
            duration_s=footprint.duration_s() if footprint is not None else None,
            mean_bytes=memory_bytes * (outlook.mean_share() if outlook is not None else 1.0),
            source=source,
            known=footprint is not None or need.memory_bytes is not None,
        )

    def _memory(self, key: str, footprint: Footprint | None, machine: Machine) -> tuple[float, float, str]:
        spread = footprint.spread() if footprint is not None else None
        if footprint is not None and spread is not None:
            runs = max(round(footprint.runs), 1)
            return spread[0], spread[1], f"learned from {runs} run{'s' * (runs != 1)}"
        reach = self._reach_of_like(key)
        if reach is not None:
            return reach, reach * reach / 4, "as those of its like take that run now"
        guess = self._guess(machine)
        return guess, guess * guess, "nothing is known of its like"

    def _guess(self, machine: Machine) -> float:
        """Say what a task may take of which nothing is known."""
        guess = self._tuning.guess_share * machine.memory_total_bytes / max(machine.cpus, 1.0)
        everything = self.footprints.all
        spread = everything.spread() if everything.runs >= _ALL_KNOWN_FROM else None
        return guess if spread is None else max(spread[0], guess)

    def _reach_of_like(self, key: str) -> float | None:
        alive = self._alive.get(key)
        return alive.reach / alive.seen if alive is not None and alive.seen else None

    def _outlook(self, key: str, footprint: Footprint) -> Outlook:
        kept = self._outlooks.get(key)
        if kept is None:
            kept = self._outlooks[key] = Outlook(footprint, self._tuning)
        return kept

    def _is_news(self, key: str) -> bool:
        """Say whether one more run changes what is expected: of a key that is well known, only several do."""
        footprint = self.footprints.get(key)
        unread = self._unread.pop(key, 0) + 1
        if footprint is None or footprint.runs < _WELL_KNOWN_FROM or unread >= _NEWS:
            return True
        self._unread[key] = unread
        return False

    def _cpus(self, key: str) -> float:
        footprint, alive = self.footprints.get(key), self._alive.get(key)
        if footprint is not None and footprint.cpus is not None:
            return footprint.cpus
        return alive.cpus / alive.seen if alive is not None and alive.seen else 1.0

    def _known(self, key: str) -> Footprint | None:
        footprint = self.footprints.get(key)
        return footprint if footprint is not None and footprint.runs >= _KNOWN_FROM and footprint.peaks else None


def _beyond(footprint: Footprint, peak_bytes: float) -> tuple[float, float] | None:
    """Say what one may come to that has more than any of its like ever had, if several are known: a little more."""
    spread = footprint.spread()
    if spread is None or footprint.runs < _SEVERAL:
        return None
    excess = max(math.sqrt(spread[1]), _BEYOND_SHARE * peak_bytes)
    return peak_bytes + excess, excess * excess
