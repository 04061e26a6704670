"""Policies that people use today, behind the seam of ours: the founding pool, and what GNU parallel offers.

They look at the machine as the tools do: at the memory of the host, whatever limits a container has, and at the load.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from procession.model.machine import Machine
from procession.policy.admission import Act, FixedLimit, Hold, Newcomer, Queued, Start, Use

GIB = float(1 << 30)


class _Peer:
    """What all of them share: who runs, in which order they began, and a view of the host."""

    needs_looks = True
    soft_limit = 1 << 30
    poll_s: float | None = None

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.live: dict[str, bool] = {}  # in the order of their starts; True: stands still
        self._world: Any = None

    def watch(self, world: Any) -> None:
        """Take the world to look at."""
        self._world = world

    @property
    def available(self) -> float:
        """What the host shows as available."""
        return float(self._world.free_bytes + max(self._world.host_memory_bytes - self._world.workload.memory_bytes, 0))

    @property
    def cores(self) -> float:
        """What the host shows."""
        return float(max(self._world.host_cores, self._world.workload.cores))

    def may(self, now: float) -> bool:
        """Say whether one more may start."""
        raise NotImplementedError

    def begin(self, newcomer: Newcomer, now: float) -> None:  # noqa: ARG002 - part of the seam
        """Count it."""
        self.live[newcomer.id] = False

    def end(self, id: str, now: float, *, cut_short: bool) -> None:  # noqa: A002, ARG002 - likewise
        """Count it no more."""
        self.live.pop(id, None)

    def look(self, uses: Mapping[str, Use], now: float) -> None:
        """Nothing is learned."""

    def suspended(self, id: str, now: float, *, held: bool) -> None:  # noqa: A002, ARG002 - likewise
        """Remember it."""
        self.live[id] = True

    def resumed(self, id: str, now: float) -> None:  # noqa: A002, ARG002 - likewise
        """Remember it."""
        self.live[id] = False

    def choose(self, queued: Sequence[Queued], machine: Machine, now: float) -> Start | Hold:  # noqa: ARG002 - likewise
        """Start the oldest, if one may start."""
        if len(self.live) >= self.limit or not self.may(now):
            return Hold({}, for_all="waiting")
        return Start(min(queued, key=lambda each: each.number).id, "")

    def guard(self, machine: Machine, now: float) -> Sequence[Act]:  # noqa: ARG002 - likewise
        """Do nothing."""
        return ()

    def look_again_s(self, machine: Machine, now: float) -> float:  # noqa: ARG002 - likewise
        """GNU parallel looks each second."""
        return 1.0


class Founding(_Peer):
    """Fifty at most; 512 MB available and a load average below 0.8 per processor; asked every five seconds."""

    needs_looks = False
    poll_s = 5.0

    def __init__(self) -> None:
        super().__init__(50)

    def may(self, now: float) -> bool:  # noqa: ARG002 - part of the seam
        """Ask as the founding document does."""
        return self.available >= 512e6 and self._world.load / self.cores < 0.8


class Parallel(_Peer):
    """GNU parallel: -j, and --memfree (kills the youngest below half of it), --memsuspend, --load."""

    def __init__(self, jobs: int, *, memfree: float = 0.0, memsuspend: float = 0.0, load: float = math.inf) -> None:
        super().__init__(jobs)
        self._memfree, self._memsuspend, self._load = memfree, memsuspend, load
        self._started_at = -math.inf

    def begin(self, newcomer: Newcomer, now: float) -> None:
        """Count it."""
        super().begin(newcomer, now)
        self._started_at = now

    def may(self, now: float) -> bool:  # noqa: ARG002 - part of the seam
        """Ask for memory, and for how many want a processor now."""
        enough = max(self._memfree, 2 * self._memsuspend)
        return self.available >= enough and self._world.wanted_cpus <= self._load * self.cores

    def guard(self, machine: Machine, now: float) -> Sequence[Act]:  # noqa: ARG002 - likewise
        """Kill or suspend the youngest; let the oldest go on when there is room."""
        if not self.live:
            return ()
        if self._memfree and self.available < self._memfree / 2:
            return [Act("evict", next(reversed(self.live)), "")]
        if self._memsuspend:
            running = [each for each, still in self.live.items() if not still]
            if self.available < self._memsuspend and len(running) > 1:
                return [Act("suspend", running[-1], "")]
            still = [each for each, still in self.live.items() if still]
            if still and (self.available >= 2 * self._memsuspend or not running):
                return [Act("resume", still[0], "")]
        return ()


def peers() -> dict[str, Any]:
    """Give what makes each of them anew."""
    return {
        "fixed 4": lambda: FixedLimit(hard_limit=4),
        "fixed 8": lambda: FixedLimit(hard_limit=8),
        "fixed 16": lambda: FixedLimit(hard_limit=16),
        "fixed 32": lambda: FixedLimit(hard_limit=32),
        "founding pool": Founding,
        "parallel -j50 --memfree 1G": lambda: Parallel(50, memfree=GIB),
        "parallel -j50 --memfree 4G --load 100%": lambda: Parallel(50, memfree=4 * GIB, load=1.0),
        "parallel -j50 --memsuspend 2G": lambda: Parallel(50, memsuspend=2 * GIB),
    }
