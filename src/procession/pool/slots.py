"""Numbers from 1, the lowest free one for each who comes: as many as there ever were at once."""

from __future__ import annotations

import heapq


class Slots:
    """Gives them out, and takes them back."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._made = 0

    def take(self) -> int:
        """Give the lowest that nobody has."""
        if self._free:
            return heapq.heappop(self._free)
        self._made += 1
        return self._made

    def give_back(self, slot: int) -> None:
        """Let somebody else have it; 0 is none."""
        if slot:
            heapq.heappush(self._free, slot)
