"""When what a task's settings say about an event is due. Pure; time comes as seconds of a clock that nobody sets.

What is to be done later (``after_s``) is done only if what the event said still holds then: a task that stalled and was
active again is left alone, and so is one that has ended. Several for one event, each later than the other, escalate.
Not here: doing it (`procession.supervisor.reacting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from procession.model.event import ActiveAgain

if TYPE_CHECKING:
    from procession.model.event import Event
    from procession.model.reaction import Reaction

_OPPOSITES: Final = {
    "memory_recovered": frozenset({"memory_high", "memory_critical"}),
    "resumed": frozenset({"suspended"}),
    "log_disk_recovered": frozenset({"log_disk_full"}),
    "starting": frozenset({"waiting", "submitted"}),
}
_OF_THE_END: Final = frozenset({"exited", "retrying", "ended", "start_failed", "submitted"})
"""What no end of an attempt makes untrue."""


class Due(NamedTuple):
    """What is to be done about an event, and when."""

    at_s: float
    reaction: Reaction
    event: Event


class Reactions:
    """What is to come for one task. ``done`` says how often each was done, and is kept up to date."""

    def __init__(self, reactions: Sequence[Reaction], done: dict[str, int]) -> None:
        self._reactions = reactions
        self._pending: list[Due] = []
        self._done = done

    def hear(self, event: Event, now_s: float) -> None:
        """Take what happened: some of what was to come is not true any more, and more may be to come."""
        name = event.name
        undone = _undone_by(event)
        has_ended = name in ("exited", "ended")
        self._pending = [
            each
            for each in self._pending
            if each.event.name not in undone and not (has_ended and each.event.name not in _OF_THE_END)
        ]
        self._pending += [
            Due(now_s + each.after_s, each, event)
            for each in self._reactions
            if each.event == name and (each.times is None or self._done.get(_key(each), 0) < each.times)
        ]

    def take_due(self, now_s: float) -> list[Due]:
        """Give what is to be done now, in order; it counts as done."""
        due = sorted((each for each in self._pending if each.at_s <= now_s), key=lambda each: each.at_s)
        self._pending = [each for each in self._pending if each.at_s > now_s]
        return [each for each in due if self._count(each.reaction)]

    @property
    def next_at_s(self) -> float | None:
        """When something is due next."""
        return min((each.at_s for each in self._pending), default=None)

    def _count(self, reaction: Reaction) -> bool:
        if reaction.times is not None:
            done = self._done.get(_key(reaction), 0)
            if done >= reaction.times:
                return False
            self._done[_key(reaction)] = done + 1
        return True


def _key(reaction: Reaction) -> str:
    return f"{reaction.event}+{reaction.after_s:g}={reaction.do}"


def _undone_by(event: Event) -> frozenset[str]:
    if isinstance(event, ActiveAgain):
        return frozenset({event.was})
    return _OPPOSITES.get(event.name, frozenset())
