"""Who could not start while others did, and for how long: nobody waits for ever because smaller ones go first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from procession.policy.admission import Queued
from procession.policy.tuning import Tuning


class PassedOver:
    """Since when, and by how many starts, each task at the head of its kind has been passed over."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._since: dict[str, tuple[float, int]] = {}

    def is_overdue(self, queued: Queued, now: float) -> bool:
        """Say whether it is its turn now: what it needs is kept for it, and others take what is left beside it."""
        since, starts = self._since.get(queued.id, (now, 0))
        return now - since >= self._tuning.passed_over_s and starts >= self._tuning.passed_over_starts

    def kept_in_s(self, queued: Queued, fits_in_s: float, now: float) -> float:
        """Say in how many seconds its room is to be kept: when it should fit; after a long time, from now on.

        Until it fits others may use the room, if they will have ended by then ("backfilling"). But that is a guess, and
        may be put off again and again: at last nobody else begins in its room.
        """
        since, _ = self._since[queued.id]
        return 0.0 if now - since >= self._tuning.kept_at_last_s else fits_in_s

    def started(self, chosen: Queued, queued: Sequence[Queued], now: float) -> None:
        """Count a start against all that are older than the one ``chosen``."""
        self._since.pop(chosen.id, None)
        since = self._since
        self._since = {}
        for each in queued:
            if each.number < chosen.number or each.id in since:
                began, starts = since.get(each.id, (now, 0))
                self._since[each.id] = began, starts + 1
        self._since.pop(chosen.id, None)
