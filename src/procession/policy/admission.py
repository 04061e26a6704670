"""Whether one more task may start now. Asked on every path to a start: first attempt, retry, release by a dependency.

`Admission` is the seam: a policy that measures the machine takes the place of `FixedLimit` without any other change.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from procession.model.pool import HARD_LIMIT, SOFT_LIMIT, check_limit
from procession.model.task import Task


class Admit(Struct, frozen=True):
    """It may start now."""


class Wait(Struct, frozen=True):
    """It may not start now; ``reason`` can be read by a person.

    for_all: no other task would be admitted either, whatever it needs, so that nobody else need be asked.
    """

    reason: str
    for_all: bool = False


class PoolView(Struct, frozen=True):
    """What an admission policy may look at: the task that asks, and how many live (start, run, pause or stop) now."""

    candidate: Task
    live: int


class Admission(Protocol):
    """A policy of admission. Passing ``soft_limit`` live tasks makes one warning event."""

    @property
    def soft_limit(self) -> int:
        """The number of live tasks above which people are told."""

    def decide(self, view: PoolView, now: float) -> Admit | Wait:
        """Say whether ``view.candidate`` may start at ``now`` (seconds since the epoch)."""


class FixedLimit(Struct, frozen=True, kw_only=True):
    """At most ``hard_limit`` tasks live at once, whatever they need."""

    hard_limit: int = HARD_LIMIT
    soft_limit: int = SOFT_LIMIT

    def __post_init__(self) -> None:
        """Raise UsageError for a limit below 1."""
        check_limit("hard_limit", self.hard_limit)
        check_limit("soft_limit", self.soft_limit)

    def decide(self, view: PoolView, now: float) -> Admit | Wait:  # noqa: ARG002 - part of the seam
        """Admit below the limit; at it, everybody waits."""
        if view.live < self.hard_limit:
            return Admit()
        return Wait(f"waiting: {view.live} running, limit {self.hard_limit}", for_all=True)
