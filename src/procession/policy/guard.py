"""What is done when memory gets short while tasks run: who is suspended, who goes on again, who is evicted at last.

Whoever grows in a burst asks for all it may still take, and is suspended while it is small if that is not there: the
most senior task, too, but only while others run steadily, and only once: to wait a minute for their ends costs less
than to evict them. Otherwise the most senior is never touched, so that there is always progress. Suspending frees
nothing, it only keeps others from taking more: where the room itself is gone, the cheapest work is evicted. Pure, but
for what it remembers of its own deeds, which keeps them from flapping.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from procession.model.amounts import format_size
from procession.model.machine import Machine
from procession.policy.admission import Act
from procession.policy.live import Live
from procession.policy.tuning import Tuning

_AGAIN_S: Final = 1.0
"""A wish that was not fulfilled is repeated after so long."""

_SOON: Final = 2
"""Of the times ahead, the one until which there is to be room for all when somebody goes on."""

_NEAR_ITS_END: Final = 0.9


class Guard:
    """Remembers when it last did what."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._resumed_at = -math.inf
        self._warned = False
        self._available_before = math.inf

    def acts(self, lives: Iterable[Live], machine: Machine, floor_bytes: float, now: float) -> list[Act]:
        """Say what is to be done now."""
        ordered = sorted(lives, key=lambda each: each.senior)
        falling = machine.memory_available_bytes < self._available_before - 1e6
        self._available_before = machine.memory_available_bytes
        acts = self._warning(machine, floor_bytes) + self._saving(ordered, machine, floor_bytes)
        suspending = self._suspending(ordered, machine, now)
        acts += suspending
        acts += self._evicting(ordered, machine, now, falling=falling)
        stopped = {act.id for act in acts if act.do in {"suspend", "evict"}}
        running = [each for each in ordered if not each.still and each.newcomer.id not in stopped]
        if not suspending or not running:
            acts += self._resuming(ordered, running, machine, floor_bytes, now)
        return acts

    def _warning(self, machine: Machine, floor_bytes: float) -> list[Act]:
        available = machine.memory_available_bytes
        if self._warned:
            self._warned = available < 1.5 * floor_bytes
            return []
        self._warned = available < floor_bytes
        return [Act("warn", None, f"memory is short: {_left(machine)}")] if self._warned else []

    def _saving(self, ordered: Sequence[Live], machine: Machine, floor_bytes: float) -> list[Act]:
        """Ask those that can to save their work, once each time it gets tight, before anybody need be evicted."""
        if machine.memory_available_bytes > floor_bytes:
            for each in ordered:
                each.saving = False
            return []
        if machine.memory_available_bytes > self._tuning.critical_share * machine.memory_total_bytes:
            return []
        asked = [each for each in ordered[1:] if each.newcomer.can_checkpoint and not each.saving and not each.still]
        for each in asked:
            each.saving = True
        return [Act("checkpoint", each.newcomer.id, f"it may be evicted soon: {_left(machine)}") for each in asked]

    def _suspending(self, ordered: Sequence[Live], machine: Machine, now: float) -> list[Act]:
        """Grant growth in the order of seniority for as long as there is room; suspend the others, if it matters."""
        growing = [each for each in ordered if not each.still and each.rate > 0 and each.leaving_since < 0]
        if not growing:
            return []
        senior = next((each for each in ordered if not each.still or each.by_guard), None)
        left = self._left_to_take(machine)
        others_run = left > 0 and any(not each.still and each.rate <= 0 and each.leaving_since < 0 for each in ordered)
        acts = []
        for each in growing:
            wanted = max(each.may_take, each.rate * self._tuning.horizon_s)
            is_burst = each.rate > self._tuning.burst_bytes_per_s
            is_let = each.newcomer.protect or (each is senior and (each.has_waited or not others_run))
            if is_let or not is_burst or wanted <= left:
                left -= wanted if is_burst else each.rate * self._tuning.horizon_s
            elif now - each.asked_at > _AGAIN_S:
                why = (
                    f"it grows by {format_size(each.rate)}/s and may take {format_size(wanted)} more, {_left(machine)}"
                )
                acts.append(self._suspend(each, why, now))
        return acts + self._shortage([each for each in growing if each.asked_at < now], senior, machine, now)

    def _left_to_take(self, machine: Machine) -> float:
        """What those that run may take before it is critical: nothing where the machine swaps or waits for memory."""
        swaps = (machine.swapping_bytes_per_s or 0.0) > self._tuning.swapping_bytes_per_s
        if swaps or (machine.memory_pressure or 0.0) > self._tuning.suspending_pressure:
            return 0.0
        return machine.memory_available_bytes - self._tuning.critical_share * machine.memory_total_bytes

    def _shortage(self, growing: list[Live], senior: Live | None, machine: Machine, now: float) -> list[Act]:
        """Suspend the most junior, as few as needed, if all that grow would use up too soon what is left."""
        acts = []
        short = sum(each.rate for each in growing) * self._tuning.horizon_s - self._left_to_take(machine)
        for each in sorted(growing, key=_ends_soon_or_is_senior):
            if short <= 0:
                break
            if each is senior or each.newcomer.protect or now - each.asked_at <= _AGAIN_S:
                continue
            acts.append(self._suspend(each, f"memory would be short in a moment: {_left(machine)}", now))
            short -= each.rate * self._tuning.horizon_s
        return acts

    def _suspend(self, live: Live, why: str, now: float) -> Act:
        live.asked_at = now
        live.rests += 1
        return Act("suspend", live.newcomer.id, f"suspended: {why}")

    def _resuming(
        self, ordered: Sequence[Live], running: Sequence[Live], machine: Machine, floor_bytes: float, now: float
    ) -> list[Act]:
        """Let the most senior go on for whom there is room; a junior may pass if it leaves the senior's room."""
        waiting = [each for each in ordered if each.still and each.by_guard and each.leaving_since < 0]
        if not waiting:
            return []
        is_senior = not running or waiting[0].senior < running[0].senior
        if is_senior and (not running or now - waiting[0].asked_at >= self._tuning.senior_waits_s):
            waiting[0].has_waited = True
            return [self._resume(waiting[0], "it is the most senior", now)]
        if now - self._resumed_at < self._tuning.resume_gap_s:
            return []
        room = machine.memory_available_bytes - floor_bytes - sum(max(each.ahead[_SOON], 0.0) for each in running)
        for each in waiting:
            wanted = each.may_take
            if wanted <= room and now - each.asked_at >= self._least_rest_s(each):
                return [self._resume(each, f"{format_size(room)} free, it may take {format_size(wanted)} more", now)]
            room -= wanted
        return []

    def _least_rest_s(self, live: Live) -> float:
        """Say for how long it stands still at least: whoever was let go on too soon stands longer each time."""
        return min(self._tuning.resume_gap_s * 2.0 ** min(live.rests, 10), self._tuning.longest_rest_s)

    def _resume(self, live: Live, why: str, now: float) -> Act:
        self._resumed_at = now
        return Act("resume", live.newcomer.id, f"resumed: {why}")

    def _evicting(self, ordered: Sequence[Live], machine: Machine, now: float, *, falling: bool) -> list[Act]:
        """When nearly nothing is left and it still gets less: the work that is cheapest for the room it gives."""
        leaving = sum(each.memory_bytes for each in ordered if now - each.leaving_since < _AGAIN_S)
        short = self._tuning.evict_share * machine.memory_total_bytes - machine.memory_available_bytes - leaving
        if short <= 0 or not (falling or any(each.rate > 0 and not each.still for each in ordered)):
            return []
        others = [each for each in ordered[1:] if not each.newcomer.protect and now - each.leaving_since >= _AGAIN_S]
        acts = []
        aim = short + (self._tuning.critical_share - self._tuning.evict_share) * machine.memory_total_bytes
        for each in sorted(others, key=_price(now)):
            if aim <= 0:
                break
            each.leaving_since = now
            aim -= each.memory_bytes
            acts.append(Act("evict", each.newcomer.id, f"evicted: {_left(machine)}"))
        return acts


def _ends_soon_or_is_senior(live: Live) -> tuple[bool, int]:
    return (live.fraction or 0.0) >= _NEAR_ITS_END, -live.senior


def _price(now: float) -> Callable[[Live], float]:
    return lambda each: each.lost_s(now) / (each.memory_bytes + 1.0)


def _left(machine: Machine) -> str:
    return f"{format_size(machine.memory_available_bytes)} of {format_size(machine.memory_total_bytes)} available"
