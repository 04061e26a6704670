"""What all that run will take more at each time ahead, and whether one more fits beside them. Pure."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from procession.policy.claims import Claim
from procession.policy.live import Live
from procession.policy.outlook import AHEAD_S, NOTHING, Row, constant

NEVER_S: Final = math.inf


class Room(Struct):
    """What is left for newcomers now. kept: how much memory of it is kept for others, at each time ahead."""

    memory_bytes: float
    cpus: float
    kept: Row = NOTHING

    def keep(self, claim: Claim, from_s: float) -> None:
        """Keep what a claim needs, from that time ahead on: processors, which nobody foresees, only from now on."""
        self.kept = tuple(
            kept + claim.memory_bytes if ahead_s > from_s else kept
            for kept, ahead_s in zip(self.kept, AHEAD_S, strict=True)
        )
        if from_s <= 0:
            self.cpus -= claim.cpus


class Forecast:
    """Sums of what is expected of each, and of the doubts. caution: how many standard deviations stay free."""

    def __init__(self, caution: float) -> None:
        self._caution = caution
        self.clear()

    def clear(self) -> None:
        """Expect nothing of anybody."""
        self._ahead, self._doubts = list(NOTHING), list(NOTHING)

    def count(self, live: Live, sign: int = 1) -> None:
        """Count what a task is expected to take, or (``sign`` -1) count it no more."""
        for place, (ahead, doubt) in enumerate(zip(live.ahead, live.doubts, strict=True)):
            self._ahead[place] += sign * ahead
            self._doubts[place] += sign * doubt

    def missing(self, claim: Claim, room: Room) -> float:
        """Say how much memory is missing for a claim, at the worst of the times ahead; below 0: is left."""
        return max(self._taken(claim.ahead, claim.doubts, room)) - room.memory_bytes

    def fits_in_s(self, claim: Claim, room: Room) -> float:
        """Say after how long all of a claim fits, and goes on to. NEVER_S: not as far ahead as is looked."""
        after_s = 0.0
        whole, doubt = constant(claim.memory_bytes), constant(claim.doubt)
        for ahead_s, taken in zip(AHEAD_S, self._taken(whole, doubt, room), strict=True):
            if taken > room.memory_bytes:
                after_s = ahead_s
        return after_s if after_s < AHEAD_S[-1] else NEVER_S

    def _taken(self, extra: Row, extra_doubts: Row, room: Room) -> list[float]:
        caution = self._caution
        rows = zip(self._ahead, self._doubts, extra, extra_doubts, room.kept, strict=True)
        return [
            ahead + own + others + caution * math.sqrt(max(doubt + own_doubt, 0.0))
            for ahead, doubt, own, own_doubt, others in rows
        ]
