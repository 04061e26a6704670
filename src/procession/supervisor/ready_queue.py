"""The tasks that may start as far as their conditions go, best first. Cheap with ten thousand of them."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procession.policy.order import Rank
    from procession.supervisor.entry import Entry


class ReadyQueue:
    """A heap by rank. Taking one out of the middle is remembered, and done when its turn comes."""

    def __init__(self) -> None:
        self._heap: list[tuple[Rank, str]] = []
        self._members: dict[str, Entry] = {}

    def __contains__(self, entry: Entry) -> bool:
        """Whether ``entry`` is waiting here."""
        return entry.id in self._members

    def push(self, entry: Entry) -> None:
        """Add ``entry`` at its place."""
        if entry.id not in self._members:
            self._members[entry.id] = entry
            heapq.heappush(self._heap, (entry.rank, entry.id))

    def pop(self) -> Entry | None:
        """Take the best out; None when there is none."""
        while self._heap:
            rank, id_ = heapq.heappop(self._heap)
            entry = self._members.get(id_)
            if entry is not None and entry.rank == rank:  # else it was taken out, or its rank was changed since
                return self._members.pop(id_)
        return None

    def discard(self, entry: Entry) -> None:
        """Take ``entry`` out, if it is here."""
        self._members.pop(entry.id, None)
