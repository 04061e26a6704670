"""The tasks that may start as far as their conditions go, by kind, the best first. Cheap with a hundred thousand.

Tasks that nothing tells apart for a policy (the same key, the same need) are one kind, and only the oldest of each is
ever asked for. Kinds of one priority and one group stand in one lane, by age; lanes go by priority, then by who of the
groups has the fewest running.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from procession.supervisor.entry import Entry


class Lane(NamedTuple):
    """Where tasks stand that compete by age alone."""

    priority: int
    group: str | None


class Kind:
    """Tasks that are alike, ``count`` of them. ``order``: by number; who was taken out stays there until its turn."""

    __slots__ = ("_kind_of", "count", "key", "lane", "name", "order")

    def __init__(self, name: Hashable, lane: Lane, key: str, kind_of: Mapping[Entry, Kind]) -> None:
        self.name = name
        self.lane = lane
        self.key = key
        self.count = 0
        self.order: list[tuple[int, Entry]] = []
        self._kind_of = kind_of

    def first(self) -> Entry | None:
        """Give the oldest; None when there is none."""
        while self.order:
            entry = self.order[0][1]
            if self._kind_of.get(entry) is self:
                return entry
            heapq.heappop(self.order)
        return None


class ReadyQueue:
    """Tasks by kind. Each stands here once."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, Kind] = {}
        self._lanes: dict[Lane, list[tuple[int, int, Kind]]] = {}
        self._kind_of: dict[Entry, Kind] = {}
        self._ticket = 0

    def __contains__(self, entry: Entry) -> bool:
        """Whether ``entry`` is waiting here."""
        return entry in self._kind_of

    def __len__(self) -> int:
        """Count who is waiting."""
        return len(self._kind_of)

    def __iter__(self) -> Iterator[Entry]:
        """Give everybody, in no order."""
        return iter(self._kind_of)

    def kind_of(self, entry: Entry) -> Kind:
        """Give all that are like ``entry``, which waits here."""
        return self._kind_of[entry]

    def push(self, entry: Entry) -> None:
        """Add ``entry`` at its place."""
        if entry in self._kind_of:
            return
        lane = Lane(entry.task.priority, entry.task.group)
        name = _name(entry, lane)
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = Kind(name, lane, name[0], self._kind_of)
        before = kind.first()
        self._kind_of[entry] = kind
        kind.count += 1
        heapq.heappush(kind.order, (entry.number, entry))
        if before is None or entry.number < before.number:
            self._line_up(kind, entry.number)

    def discard(self, entry: Entry) -> None:
        """Take ``entry`` out, if it is here."""
        kind = self._kind_of.get(entry)
        if kind is None:
            return
        was_first = kind.first() is entry
        del self._kind_of[entry]
        kind.count -= 1
        following = kind.first()
        if following is None:
            del self._kinds[kind.name]
        elif was_first:
            self._line_up(kind, following.number)

    def fronts(self, live_in: Callable[[str | None], int], limit: int) -> list[tuple[int, Kind]]:
        """Give up to ``limit`` kinds with their tiers, in the order in which they shall be asked for.

        live_in: how many of a group run. Every lane has its share of the places, so that none hides the others.
        """
        lanes = sorted(self._lanes, key=lambda lane: (-lane.priority, live_in(lane.group), self._age(lane)))
        found: list[tuple[int, Kind]] = []
        share = max(limit // max(len(lanes), 1), 8)
        for tier, lane in enumerate(lanes):
            room = min(share, limit - len(found)) if len(lanes) > 1 else limit
            found += [(tier, kind) for kind in self._take(lane, room)]
            if len(found) >= limit:
                break
        return found

    def _line_up(self, kind: Kind, number: int) -> None:
        """Let it stand in its lane by ``number``, that of its first; where it stood before is passed over later."""
        self._ticket += 1
        heapq.heappush(self._lanes.setdefault(kind.lane, []), (number, self._ticket, kind))

    def _age(self, lane: Lane) -> int:
        waiting = self._lanes[lane]
        return waiting[0][0] if waiting else 0

    def _take(self, lane: Lane, room: int) -> list[Kind]:
        waiting = self._lanes[lane]
        taken: list[tuple[int, int, Kind]] = []
        seen: set[Hashable] = set()
        while waiting and len(taken) < room:
            number, ticket, kind = heapq.heappop(waiting)
            first = kind.first()
            if first is not None and first.number == number and kind.name not in seen and self._is_here(kind):
                seen.add(kind.name)
                taken.append((number, ticket, kind))
        for each in taken:
            heapq.heappush(waiting, each)
        if not waiting:
            del self._lanes[lane]
        return [kind for _, _, kind in taken]

    def _is_here(self, kind: Kind) -> bool:
        return self._kinds.get(kind.name) is kind


def _name(entry: Entry, lane: Lane) -> tuple[str, Hashable]:
    """Give what is the same of all that are alike: the key under which a policy learns, and what else it decides by."""
    need = entry.task.need
    return entry.key, (lane, need.memory_bytes, need.cpus, need.gpus, tuple(sorted(need.tokens.items())))
