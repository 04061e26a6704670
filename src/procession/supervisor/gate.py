"""ADMITS: asks the policy, on every path to a start, who may start now, and tells everybody else why not.

Not here: what the policy is told between its answers, and what it wants done when it gets tight (`steward`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from procession.model.event import SoftLimitPassed, Waiting
from procession.policy.admission import Hold, Newcomer, Queued
from procession.policy.tokens import NO_SLOTS, Tokens, wanted
from procession.supervisor.ready_queue import ReadyQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from procession.model.event import Event
    from procession.model.machine import Machine
    from procession.policy.admission import Admission
    from procession.supervisor.clock import Clock
    from procession.supervisor.entry import Entry

_ASKED: Final = 64
"""Of so many kinds the policy is asked at once."""

_EXPLAIN_EVERY_S: Final = 10.0
"""The figures in a reason change all the time; they are told so often, and shown at once by who asks (`why`)."""


class Gate:
    """Holds who could start. ``tell`` records an event; ``start`` starts a task; ``read`` reads the machine."""

    def __init__(
        self,
        admission: Admission,
        tokens: Mapping[str, int],
        clock: Clock,
        *,
        read: Callable[[], Machine],
        tell: Callable[[Event], None],
        start: Callable[[Entry], None],
    ) -> None:
        self.admission = admission
        self.queue = ReadyQueue()
        self.tokens = Tokens(tokens)
        self._clock = clock
        self._read = read
        self._tell = tell
        self._start = start
        self._live: dict[str, Entry] = {}
        self._live_in: dict[str | None, int] = {}
        self._unexplained: list[Entry] = []
        self._reasons: dict[str, str] = {}
        self._for_all: str | None = None
        self._first_ones: list[Entry] = []
        self._is_soft_limit_armed = True

    @property
    def is_waited_at(self) -> bool:
        """Whether anybody waits here."""
        return len(self.queue) > 0

    @property
    def live(self) -> Mapping[str, Entry]:
        """Who was let in and is not gone, by id."""
        return self._live

    def add(self, entry: Entry) -> None:
        """Let it wait here for its start."""
        self.queue.push(entry)
        self._unexplained.append(entry)

    def fill(self, held_back: str | None) -> None:
        """Start whom the policy lets, best first; ``held_back`` is a reason for which nobody may."""
        if not len(self.queue):
            self._unexplained.clear()
            return
        if held_back is not None:
            self._for_all, self._reasons = held_back, {}
            self._explain_new()
            return
        machine = self._read()
        while self._let_one_in(machine):
            pass
        self._explain_new()

    def enter(self, entry: Entry) -> None:
        """Count ``entry`` among the live: it starts, or was found running."""
        now = self._clock.monotonic()
        self._live[entry.id] = entry
        self._live_in[entry.task.group] = self._live_in.get(entry.task.group, 0) + 1
        task = entry.task
        self.admission.begin(
            Newcomer(
                entry.id,
                entry.key,
                task.need,
                entry.number,
                protect=task.protect,
                can_checkpoint=task.checkpoint is not None or task.command.channel,
            ),
            now,
        )

    def leave(self, entry: Entry, *, cut_short: bool) -> None:
        """It is gone: somebody else may have its place, and its tokens."""
        if self._live.pop(entry.id, None) is None:
            return
        self._live_in[entry.task.group] -= 1
        if not self._live_in[entry.task.group]:
            del self._live_in[entry.task.group]
        self.tokens.give_back(entry.id)
        entry.slots = NO_SLOTS
        self.admission.end(entry.id, self._clock.monotonic(), cut_short=cut_short)

    def why(self, entry: Entry) -> str | None:
        """Say why it waits, by the last answer; None if it does not wait here."""
        if entry not in self.queue:
            return None
        first = self.queue.kind_of(entry).first()
        return (first and self._reasons.get(first.id)) or self._for_all or entry.view.waiting

    def place_of(self, entry: Entry) -> int | None:
        """Say how many of those that could start come before it, and count it; None if it does not wait here."""
        if entry not in self.queue:
            return None
        mine = (-entry.task.priority, entry.number)
        return 1 + sum((-each.task.priority, each.number) < mine for each in self.queue)

    # --- choosing ----------------------------------------------------------------------------------------------------

    def _let_one_in(self, machine: Machine) -> bool:
        """Start the next one, if anybody may."""
        now = self._clock.monotonic()
        self._reasons = {}
        asked = self._asked()
        if not asked:
            self._for_all = None
            return False
        answer = self.admission.choose(asked, machine, now)
        if isinstance(answer, Hold):
            self._reasons.update(answer.reasons)
            self._for_all = answer.for_all
            return False
        chosen = next(each for each in self._first_ones if each.id == answer.id)
        self.queue.discard(chosen)
        self._tell_soft_limit()
        chosen.slots = self.tokens.take(chosen.id, wanted(chosen.task.need))
        chosen.admitted = answer.reason
        self.enter(chosen)
        self._start(chosen)
        return True

    def _asked(self) -> list[Queued]:
        """Give whom the policy may choose from: those whose tokens are free."""
        spoken_for: set[str] = set()
        asked, self._first_ones = [], []
        for tier, kind in self.queue.fronts(lambda group: self._live_in.get(group, 0), _ASKED):
            first = kind.first()
            assert first is not None
            self._first_ones.append(first)
            lacking = self.tokens.lacking(wanted(first.task.need), spoken_for)
            if lacking is not None:
                self._reasons[first.id] = f"waiting: {lacking}"
                continue
            asked.append(Queued(first.id, kind.key, first.task.need, first.number, kind.count, tier))
        return asked

    def _tell_soft_limit(self) -> None:
        """Tell once when the soft limit is passed, and again only after the pool was down to half of it."""
        live, limit = len(self._live), self.admission.soft_limit
        if live <= limit // 2:
            self._is_soft_limit_armed = True
        if live >= limit and self._is_soft_limit_armed:
            self._is_soft_limit_armed = False
            self._tell(SoftLimitPassed(at=self._clock.time(), running=live + 1, limit=limit))

    # --- explaining --------------------------------------------------------------------------------------------------

    def _explain_new(self) -> None:
        """Tell whoever is new here, at once, and those who come first, now and then, why they wait."""
        new, self._unexplained = self._unexplained, []
        long_ago = self._clock.monotonic() - _EXPLAIN_EVERY_S
        for entry in (*new, *(each for each in self._first_ones if each.explained_at <= long_ago)):
            if entry in self.queue:
                self.explain(entry, self.why(entry) or "waiting for its turn")

    def explain(self, entry: Entry, reason: str) -> None:
        """Tell why it waits, if that is news."""
        entry.explained_at = self._clock.monotonic()
        if entry.view.waiting != reason:
            self._tell(Waiting(at=self._clock.time(), reason=reason).of(entry.id, entry.view.attempt))
