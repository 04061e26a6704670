"""Admission by what the machine has left, what those that run will still take, and what the next one is likely to need.

Each running task has a claim on memory it has not taken yet; a new one starts where its own claim fits beside them,
and where processors are left. The claims are guesses: `guard` makes up for those that were wrong. How it was found,
and what did not help: docs/design/admission.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from procession.model.amounts import format_duration, format_size
from procession.model.machine import Machine
from procession.model.need import Need
from procession.model.pool import PoolSettings
from procession.policy.admission import Act, Hold, Newcomer, Queued, Start, Use
from procession.policy.claims import Claim, Claims
from procession.policy.footprint import Footprints, encode
from procession.policy.forecast import Forecast, Room
from procession.policy.guard import Guard
from procession.policy.live import Live
from procession.policy.order import in_order
from procession.policy.passed_over import PassedOver
from procession.policy.reasons import Reasons, Refusal
from procession.policy.scarcity import scarce
from procession.policy.tuning import PLAIN, Tuning

_SMALLEST_FLOOR_SHARE: Final = 1 / 8
"""On a machine of 2 GB, 512 MB that nobody may use would be too much."""

_CROWDED: Final = 0.95
_UNSEEN: Final = Machine(at=-math.inf, memory_total_bytes=1 << 30, memory_available_bytes=0, cpus=1.0)
"""What is assumed until the first reading: of interest only to tasks that are taken over before it."""


class Adaptive:
    """The policy. ``footprints`` is what it knows and learns. wall_offset_s: what makes the time of day of ``now``."""

    needs_looks = True

    def __init__(
        self,
        pool: PoolSettings | None = None,
        *,
        footprints: Footprints | None = None,
        wall_offset_s: float = 0.0,
        tuning: Tuning = PLAIN,
    ) -> None:
        self.pool = pool or PoolSettings()
        self.footprints = footprints or Footprints()
        self._tuning = tuning
        self._claims = Claims(self.footprints, tuning)
        self._guard = Guard(tuning)
        self._passed_over = PassedOver(tuning)
        self._wall_offset_s = wall_offset_s
        self._live: dict[str, Live] = {}
        self._evicted: dict[str, int] = {}
        self._begun = 0
        self._machine = _UNSEEN
        self._forecast = Forecast(tuning.caution)
        self._cpus = 0.0
        self._foreign_cpus = 0.0
        self._foreign_at, self._ended_since = -math.inf, 0
        self._growing = 0
        self._held_for_memory = self._ramps = False
        self._pressed_at = -math.inf
        self._fastest, self._fastest_at = 0.0, 0.0

    @property
    def soft_limit(self) -> int:
        """Above so many live tasks people are told."""
        return self.pool.soft_limit

    def begin(self, newcomer: Newcomer, now: float) -> None:
        """Count it with all that it is expected to take."""
        self._begun += 1
        senior = self._evicted.pop(newcomer.id, self._begun)
        live = self._live[newcomer.id] = Live(newcomer, senior, now)
        self._claims.begun(newcomer.key)
        self._claims.begin(live, self._machine)
        self._count(live)

    def look(self, uses: Mapping[str, Use], now: float) -> None:
        """Weigh all claims anew."""
        measured = math.fsum(use.cpus or 0.0 for use in uses.values())
        crowded = measured + self._foreign_cpus > _CROWDED * self._machine.cpus
        for id_, use in uses.items():
            if (live := self._live.get(id_)) is not None:
                live.see(use, now, crowded=crowded)
        self._claims.look(self._live.values(), now)
        self._forecast.clear()
        self._cpus, self._growing, growth = 0.0, 0, 0.0
        for live in self._live.values():
            self._claims.weigh(live, self._machine, now)
            self._count(live)
            growth += 0.0 if live.still else live.rate
            self._growing += live.more > 0.02 * live.memory_bytes
        self._expect_growth(growth, now)

    def suspended(self, id: str, now: float, *, held: bool) -> None:  # noqa: A002 - part of the seam
        """It takes neither processors nor more memory."""
        if (live := self._live.get(id)) is not None:
            live.by_guard = held
            if not live.still:
                self._count(live, -1)
                live.rest(now)
                self._count(live)

    def resumed(self, id: str, now: float) -> None:  # noqa: A002 - part of the seam
        """It counts again."""
        if (live := self._live.get(id)) is not None and live.still:
            self._count(live, -1)
            live.go_on(now)
            live.asked_at = -math.inf
            self._expect_growth(live.fastest, now)  # it may have been stopped in a burst, and goes on with it
            self._count(live)

    def end(self, id: str, now: float, *, cut_short: bool) -> None:  # noqa: A002 - part of the seam
        """Learn from it."""
        live = self._live.pop(id, None)
        if live is None:
            return
        if cut_short and live.leaving_since > -math.inf:
            self._evicted[id] = live.senior
            if len(self._evicted) > 1024:
                del self._evicted[next(iter(self._evicted))]
        self._count(live, -1)
        self._ended_since += 1
        if not self._live:
            self._forecast.clear()  # no residue of rounding
            self._cpus = 0.0
        self.footprints.learn(live.key, live.run(now, cut_short=cut_short), now + self._wall_offset_s)
        self._claims.ended(live)

    def choose(self, queued: Sequence[Queued], machine: Machine, now: float) -> Start | Hold:
        """Start the one that is best to start, of the lowest tier in which one can."""
        self._machine = machine
        self._see_foreign(machine)
        if (reason := self._closed(machine, now)) is not None:
            return Hold({}, for_all=f"waiting: {reason}")
        self._held_for_memory = self._ramps = False
        refusals: dict[str, Refusal] = {}
        room = Room(self._memory_room(machine), self._cpu_room(machine))
        for tier in sorted({each.tier for each in queued}):
            of_tier = [(each, self._claims.of_candidate(each, machine)) for each in queued if each.tier == tier]
            for each, claim in in_order(of_tier, machine, lambda it: self._passed_over.is_overdue(it, now)):
                refusal = self._refusal(each, claim, machine, room)
                if refusal is None:
                    self._passed_over.started(each, queued, now)
                    return Start(each.id, f"needs about {format_size(claim.memory_bytes)} ({claim.source})")
                refusals[each.id] = refusal
                if self._passed_over.is_overdue(each, now):
                    fits_in_s = self._forecast.fits_in_s(claim, room)
                    room.keep(claim, self._passed_over.kept_in_s(each, fits_in_s, now))
        return Hold(Reasons(refusals))

    def guard(self, machine: Machine, now: float) -> Sequence[Act]:
        """See `procession.policy.guard`."""
        self._machine = machine
        return self._guard.acts(self._live.values(), machine, self._floor(machine), now)

    def look_again_s(self, machine: Machine, now: float) -> float:
        """Say when what is available could be a quarter used up, at the fastest growth that has been seen."""
        fastest = max(self._fastest, self._tuning.fastest_growth_bytes_per_s if self._live else 1.0)
        left = machine.memory_available_bytes - self._tuning.evict_share * machine.memory_total_bytes
        longest = self._tuning.seen_after_s / 2 if self._ramps else self._tuning.longest_look_s
        if not self._held_for_memory and not any(each.grows(now) or each.still for each in self._live.values()):
            longest = self._tuning.idle_look_s
        return min(max(left / 4 / fastest, self._tuning.shortest_look_s), longest)

    def expects(self, key: str, need: Need) -> str:
        """Say what one like it may take, and where that is known from."""
        claim = self._claims.of_candidate(Queued("", key, need), self._machine)
        lasts = "" if claim.duration_s is None else f", for {format_duration(claim.duration_s)}"
        return f"{format_size(claim.memory_bytes)} ({claim.source}), {claim.cpus:.1f} processors{lasts}"

    def learned(self) -> Mapping[str, bytes]:
        """Give the footprints that have changed, in the form in which `footprint.remembered` reads them."""
        return {key: encode(each) for key, each in self.footprints.changed().items()}

    def _closed(self, machine: Machine, now: float) -> str | None:
        """Say why nobody may start, if it is so."""
        live = len(self._live)
        if live >= self.pool.hard_limit:
            return f"{live} running, limit {self.pool.hard_limit}"
        if (lack := scarce(machine)) is not None:
            return lack
        available, floor = machine.memory_available_bytes, self._floor(machine)
        if available < floor:
            self._held_for_memory = True
            total = machine.memory_total_bytes
            return f"{format_size(available)} of {format_size(total)} available, {format_size(floor)} stay free"
        pressed = (machine.memory_pressure or 0.0) > self._tuning.memory_pressure
        if pressed or (machine.swapping_bytes_per_s or 0.0) > self._tuning.swapping_bytes_per_s:
            self._pressed_at = now
        if live and now - self._pressed_at < self._tuning.pressure_rest_s:
            self._held_for_memory = True
            return "others wait for memory, or it is being swapped"
        return None

    def _refusal(self, queued: Queued, claim: Claim, machine: Machine, room: Room) -> Refusal | None:
        """Say why this one may not start, if it is so. Where nothing runs, anything may, as far as it ever can."""
        if not self._live:
            return None
        if not claim.known and not self._claims.may_ramp(queued.key):
            self._held_for_memory = self._ramps = True
            return ("nothing is known of its like; those that were just started are looked at first",)
        # Whoever wants more processors than there are gets in when nearly all are free.
        if min(claim.cpus, 0.9 * (room.cpus + self._cpus)) > room.cpus:
            return claim.cpus, room.cpus, machine.cpus
        missing = self._forecast.missing(claim, room)
        if missing <= 0:
            return None
        self._held_for_memory = True
        return claim, claim.memory_bytes - missing, machine.memory_total_bytes, self._growing

    def _memory_room(self, machine: Machine) -> float:
        """Say how much memory is neither taken, nor claimed, nor to stay free."""
        room = machine.memory_available_bytes - self._floor(machine)
        waiting = [each for each in self._live.values() if each.by_guard]
        if waiting:
            first = min(waiting, key=lambda each: each.senior)
            room -= self._tuning.kept_for_first * first.may_take
            room -= self._tuning.kept_for_suspended * sum(each.may_take for each in waiting if each is not first)
        return room

    def _cpu_room(self, machine: Machine) -> float:
        """Say how many processors are left for newcomers: others may use up the ceiling, the rest is ours for sure."""
        foreign = min(self._foreign_cpus, self.pool.cpu_ceiling * machine.cpus)
        return self._tuning.cpu_fill * (machine.cpus - foreign) - self._cpus

    def _floor(self, machine: Machine) -> float:
        total = machine.memory_total_bytes
        least = max(self._tuning.floor_share * total, self.pool.memory_per_task_bytes)
        return min(least, max(_SMALLEST_FLOOR_SHARE, self._tuning.floor_share) * total)

    def _count(self, live: Live, sign: int = 1) -> None:
        """Count what a task is expected to take, or count it no more. Whoever stands still takes nothing more."""
        if live.still:
            return
        self._forecast.count(live, sign)
        self._cpus += sign * live.wants_cpus

    def _expect_growth(self, bytes_per_s: float, now: float) -> None:
        """Take care of growth as fast as this, for a while: what was seen counts half after a minute."""
        self._fastest = max(bytes_per_s, self._fastest * 0.5 ** ((now - self._fastest_at) / 60.0))
        self._fastest_at = now

    def _see_foreign(self, machine: Machine) -> None:
        """Take what none of ours uses for the use of others; more of it only if none of ours ended unseen meanwhile."""
        if machine.cpus_used is None or machine.at <= self._foreign_at:
            return
        ours = sum(each.measured_cpus for each in self._live.values() if not each.still)
        foreign = max(machine.cpus_used - ours, 0.0)
        young = sum(each.cpus is None for each in self._live.values())
        if foreign < self._foreign_cpus or (not self._ended_since and not young):
            self._foreign_cpus = foreign
        self._foreign_at, self._ended_since = machine.at, 0
