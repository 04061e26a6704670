"""Whether one more task may start now, and what to do when it gets tight: the seam that every policy fits.

Asked on every path to a start: first attempt, retry, release by a dependency, resumption. A policy is told who begins,
what they use and who has gone, and answers with values; it reads no clock and touches nothing. Times are seconds of a
clock that never jumps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct

from procession.model.machine import Machine
from procession.model.need import NOTHING_NEEDED, Need
from procession.model.pool import HARD_LIMIT, SOFT_LIMIT, check_limit


class Queued(Struct, frozen=True):
    """The oldest of the tasks of one kind (the same key, the same need) that could start now; ``count`` of them wait.

    number: its place in the order of submission; a retry keeps it. tier: the lowest comes first (priority, then
    fairness among groups); within one a policy may choose.
    """

    id: str
    key: str
    need: Need = NOTHING_NEEDED
    number: int = 0
    count: int = 1
    tier: int = 0


class Newcomer(Struct, frozen=True):
    """A task that starts now, or runs already and was taken over.

    protect: it is never suspended nor evicted. can_checkpoint: it may be asked to save itself.
    """

    id: str
    key: str
    need: Need = NOTHING_NEEDED
    number: int = 0
    protect: bool = False
    can_checkpoint: bool = False


class Use(Struct, frozen=True):
    """What a live task uses at a look: processors on average since the look before; how far it is, if that is known."""

    memory_bytes: int
    cpus: float | None = None
    fraction: float | None = None


class Start(Struct, frozen=True):
    """``id`` may start now; ``reason`` can be read by a person."""

    id: str
    reason: str = ""


class Hold(Struct, frozen=True):
    """Nobody may start. ``reasons`` by id, for a person; ``for_all`` is the reason of everybody else, too."""

    reasons: Mapping[str, str] = {}
    for_all: str | None = None


Deed = Literal["warn", "checkpoint", "suspend", "resume", "evict"]


class Act(Struct, frozen=True):
    """What is to be done to a task, and why; of nobody in particular only for ``warn``."""

    do: Deed
    id: str | None
    reason: str


class Admission(Protocol):
    """A policy of admission. Passing ``soft_limit`` live tasks makes one warning event.

    needs_looks: whether it wants to know what tasks use and what the machine has left; without, `look` and `guard` are
    never called, and the machine it is shown says nothing.
    """

    @property
    def soft_limit(self) -> int:
        """The number of live tasks above which people are told."""

    @property
    def needs_looks(self) -> bool:
        """Whether it looks at the machine."""

    def begin(self, newcomer: Newcomer, now: float) -> None:
        """It starts now, or was found running."""

    def look(self, uses: Mapping[str, Use], now: float) -> None:
        """Take what live tasks use."""

    def suspended(self, id: str, now: float, *, held: bool) -> None:  # noqa: A002 - the field's own name
        """It stands still: by our own act (``held``), and shall go on when there is room; or by somebody's wish."""

    def resumed(self, id: str, now: float) -> None:  # noqa: A002 - the field's own name
        """It runs on."""

    def end(self, id: str, now: float, *, cut_short: bool) -> None:  # noqa: A002 - the field's own name
        """It is gone. cut_short: before its own end, so that it may have taken more."""

    def choose(self, queued: Sequence[Queued], machine: Machine, now: float) -> Start | Hold:
        """Let one of ``queued`` start, or nobody. Whoever asks tells of the start by `begin`, and asks again."""

    def guard(self, machine: Machine, now: float) -> Sequence[Act]:
        """Say what must be done because it gets tight, or can be because there is room again."""

    def look_again_s(self, machine: Machine, now: float) -> float:
        """Say in how many seconds the next look is due."""

    def expects(self, key: str, need: Need) -> str:
        """Say, for a person, what a task of this key and need is expected to take; empty: nothing in particular."""

    def learned(self) -> Mapping[str, bytes]:
        """Give what was learned since this was last asked, by key, in a form that can be kept."""


class FixedLimit:
    """At most ``hard_limit`` tasks live at once, whatever they need."""

    needs_looks: Final = False

    def __init__(self, *, hard_limit: int = HARD_LIMIT, soft_limit: int = SOFT_LIMIT) -> None:
        """Raise UsageError for a limit below 1."""
        self.hard_limit = check_limit("hard_limit", hard_limit)
        self.soft_limit = check_limit("soft_limit", soft_limit)
        self._live: set[str] = set()

    def begin(self, newcomer: Newcomer, now: float) -> None:  # noqa: ARG002 - part of the seam
        """Count it."""
        self._live.add(newcomer.id)

    def look(self, uses: Mapping[str, Use], now: float) -> None:
        """It does not matter."""

    def suspended(self, id: str, now: float, *, held: bool) -> None:  # noqa: A002 - part of the seam
        """It still counts."""

    def resumed(self, id: str, now: float) -> None:  # noqa: A002 - part of the seam
        """It counted all the time."""

    def end(self, id: str, now: float, *, cut_short: bool) -> None:  # noqa: A002, ARG002 - part of the seam
        """Count it no more."""
        self._live.discard(id)

    def choose(self, queued: Sequence[Queued], machine: Machine, now: float) -> Start | Hold:  # noqa: ARG002
        """Admit the oldest of the lowest tier below the limit; at it, everybody waits."""
        live = len(self._live)
        if live >= self.hard_limit:
            return Hold(for_all=f"waiting: {live} running, limit {self.hard_limit}")
        first = min(queued, key=lambda each: (each.tier, each.number)) if len(queued) > 1 else queued[0]
        return Start(first.id, f"{live} of at most {self.hard_limit} run")

    def guard(self, machine: Machine, now: float) -> Sequence[Act]:  # noqa: ARG002 - part of the seam
        """Nothing."""
        return ()

    def look_again_s(self, machine: Machine, now: float) -> float:  # noqa: ARG002 - part of the seam
        """Never soon."""
        return 3600.0

    def expects(self, key: str, need: Need) -> str:  # noqa: ARG002 - part of the seam
        """It does not matter."""
        return ""

    def learned(self) -> Mapping[str, bytes]:
        """Nothing."""
        return {}
