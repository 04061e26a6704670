"""Who has which of the named things there are few of: licences, devices. Exact, by number, in the order of asking.

Who waits for a token keeps everybody behind it from taking that token, so that many small ones cannot starve a large
one. Pure but for what it remembers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from procession.model.need import Need

GPU: Final = "gpu"
"""The name under which devices are counted."""

Slots = Mapping[str, tuple[int, ...]]
"""By name, which numbers of it somebody has; from 0."""

NO_SLOTS: Final[Slots] = {}
"""Shared by all that have none."""


def wanted(need: Need) -> Mapping[str, int]:
    """Give how many of each name a task needs, devices among them."""
    return {**need.tokens, GPU: need.gpus} if need.gpus else need.tokens


class Tokens:
    """So many of each name: ``Tokens({"ansys": 3})``."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self.totals = dict(totals)
        self._free = {name: set(range(count)) for name, count in totals.items()}
        self._held: dict[str, Slots] = {}

    def lacking(self, wanted: Mapping[str, int], spoken_for: set[str]) -> str | None:
        """Say for what somebody must wait who wants so many of each; None: for nothing.

        spoken_for: what somebody who comes first waits for; what this one lacks is added.
        """
        lacking = [name for name, count in wanted.items() if count > len(self._free.get(name, ()))]
        reason = None
        if lacking:
            name = lacking[0]
            free = len(self._free.get(name, ()))
            reason = f"needs {wanted[name]} of {name}, {free} of {self.totals.get(name, 0)} free"
        elif taken := [name for name in wanted if name in spoken_for]:
            reason = f"needs {taken[0]}, for which another one waits already"
        if reason is not None:
            spoken_for.update(wanted)
        return reason

    def take(self, id_: str, wanted: Mapping[str, int]) -> Slots:
        """Give it the lowest numbers that are free. Only after `lacking` said that there are enough."""
        if not wanted:
            return NO_SLOTS
        slots = {name: tuple(sorted(self._free[name])[:count]) for name, count in wanted.items()}
        self.restore(id_, slots)
        return slots

    def restore(self, id_: str, slots: Slots) -> None:
        """Know that somebody has these: an earlier supervisor gave them."""
        if slots:
            self._held[id_] = slots
            for name, numbers in slots.items():
                self._free.setdefault(name, set()).difference_update(numbers)

    def give_back(self, id_: str) -> None:
        """Let others have what it had; of a name of which there are fewer now, what is too many is forgotten."""
        for name, numbers in self._held.pop(id_, {}).items():
            self._free.setdefault(name, set()).update(each for each in numbers if each < self.totals.get(name, 0))
