"""Another program on the same machine: 8 GB and 4 processors for two of every six to seven minutes.

It takes its memory over ten seconds and gives it back in two.
"""

from __future__ import annotations

import random
from bisect import bisect_right

from benchmarks.pool.workload import GB

TAKES_S, STAYS_S, GIVES_S = 10.0, 120.0, 2.0
MEMORY_BYTES, CPUS = 8 * GB, 4.0


class Neighbour:
    """What it takes at any time. ``corners``: when its memory begins or ceases to change."""

    def __init__(self, seed: int | None, until_s: float = 100_000.0) -> None:
        self.corners: list[float] = [0.0]
        self._values: list[float] = [0.0]
        if seed is not None:
            rng = random.Random(f"neighbour/{seed}")
            at = rng.uniform(20, 240)
            while at < until_s:
                end = at + STAYS_S
                self.corners += [at, at + TAKES_S, end - GIVES_S, end]
                self._values += [0.0, MEMORY_BYTES, MEMORY_BYTES, 0.0]
                at += rng.uniform(360, 420)

    def memory_bytes(self, at: float) -> float:
        """What it takes at ``at``."""
        place = bisect_right(self.corners, at) - 1
        if place + 1 >= len(self.corners):
            return self._values[place]
        begin, end = self.corners[place], self.corners[place + 1]
        low, high = self._values[place], self._values[place + 1]
        return low + (high - low) * (at - begin) / (end - begin)

    def growth(self, at: float) -> float:
        """Bytes per second, right after ``at``."""
        place = bisect_right(self.corners, at) - 1
        if place + 1 >= len(self.corners):
            return 0.0
        return (self._values[place + 1] - self._values[place]) / (self.corners[place + 1] - self.corners[place])

    def cpus(self, at: float) -> float:
        """How many processors it uses at ``at``."""
        place = bisect_right(self.corners, at) - 1
        return CPUS if place and place % 4 else 0.0

    def next_corner(self, at: float) -> float:
        """When its memory changes next."""
        place = bisect_right(self.corners, at)
        return self.corners[place] if place < len(self.corners) else float("inf")
