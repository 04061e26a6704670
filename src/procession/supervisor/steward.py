"""KEEPS ROOM: tells the admission policy what tasks use, and does what it wants done when memory gets tight.

The only one who suspends, resumes and evicts by itself, and always for a reason that is told. It looks when the policy
wants to: in tens of milliseconds while something grows fast, hardly ever while nothing moves.
Not here: who may start (`gate`), and what is done (`procession.policy.admission`).
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from procession.model.event import MemoryTight, Resumed, Suspended
from procession.model.state import State
from procession.supervisor.acts import begin_act

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from procession.model.event import Event
    from procession.model.machine import Machine
    from procession.policy.admission import Act, Use
    from procession.supervisor.clock import Clock, Timer
    from procession.supervisor.entry import Entry
    from procession.supervisor.gate import Gate
    from procession.supervisor.launcher import RunningProcess
    from procession.supervisor.ledger import Ledger

logger = logging.getLogger("procession.pool")

LAZY_S: Final = 10.0
"""Where the next look is due no sooner, the observer's own looks will do."""

BY: Final = "memory"


class Steward:
    """Serves the policy behind ``gate``. ``peek`` says what all live tasks use; ``decide_soon`` asks who may start."""

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        ledger: Ledger,
        *,
        read: Callable[[], Machine],
        peek: Callable[[float], Mapping[str, Use]],
        tell: Callable[[Event], None],
        decide_soon: Callable[[], None],
        ask_to_save: Callable[[Entry], None],
    ) -> None:
        self._gate = gate
        self._admission = gate.admission
        self._clock = clock
        self._ledger = ledger
        self._read = read
        self._peek = peek
        self._tell = tell
        self._decide_soon = decide_soon
        self._timer: Timer | None = None
        self._due_s = 0.0
        self._ask_to_save = ask_to_save

    def look_now(self) -> None:
        """Look at once: the kernel says that somebody waits for memory."""
        self.close()
        self._tick()

    def watch(self) -> None:
        """Look when that is due, which may be sooner than it was: something has begun, or waits."""
        if not self._admission.needs_looks or not (self._gate.live or self._gate.is_waited_at):
            return
        now = self._clock.monotonic()
        delay_s = self._admission.look_again_s(self._read(), now)
        if delay_s >= LAZY_S and not self._gate.is_waited_at:
            return
        if self._timer is not None:
            if self._due_s <= now + delay_s:
                return
            self._timer.cancel()
        self._due_s = now + delay_s
        self._timer = self._clock.call_later(delay_s, self._tick)

    def take(self, uses: Mapping[str, Use]) -> None:
        """Take what the observer has seen anyway."""
        if self._admission.needs_looks:
            self._look(uses, self._clock.monotonic())

    def hear(self, entry: Entry, event: Event) -> None:
        """Take that a task stands still, or runs on."""
        if isinstance(event, Suspended):
            self._admission.suspended(entry.id, self._clock.monotonic(), held=entry.is_held)
        elif isinstance(event, Resumed):
            entry.is_held = False
            self._admission.resumed(entry.id, self._clock.monotonic())

    def take_over(self, entry: Entry) -> None:
        """Know a task that an earlier supervisor let in."""
        self._gate.tokens.restore(entry.id, entry.slots)
        self._gate.enter(entry)
        if entry.view.state is State.SUSPENDED:
            self._admission.suspended(entry.id, self._clock.monotonic(), held=entry.is_held)
        self.watch()

    def may_go_on(self, entry: Entry) -> bool:
        """Let a suspended task go on as soon as there is room: whether that is now."""
        if not self._admission.needs_looks or entry.view.state is not State.SUSPENDED:
            return True
        entry.is_held = True
        now = self._clock.monotonic()
        self._admission.suspended(entry.id, now, held=True)
        acts = self._admission.guard(self._read(), now)
        for act in acts:
            if act.id != entry.id:
                self._do(act)
        is_free = any(act.do == "resume" and act.id == entry.id for act in acts)
        if not is_free:
            self._gate.explain(entry, "suspended until there is room")
            self.watch()
        return is_free

    def keep_suspended(self, entry: Entry) -> None:
        """Know that somebody wants it to stand still: only who wants it to go on ends that."""
        entry.is_held = False
        if entry.view.state is State.SUSPENDED:
            self._admission.suspended(entry.id, self._clock.monotonic(), held=False)

    def remember(self) -> None:
        """Have written down what was learned."""
        self._ledger.note_footprints(self._admission.learned())

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- looking -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self._timer = None
        try:
            now = self._clock.monotonic()
            self._look(self._peek(now) if self._gate.live else {}, now)
        finally:  # whatever goes wrong in one look, there is another one
            self.watch()

    def _look(self, uses: Mapping[str, Use], now: float) -> None:
        self._admission.look(uses, now)
        for act in self._admission.guard(self._read(), now):
            self._do(act)
        self.remember()
        if self._gate.is_waited_at:
            self._decide_soon()

    # --- acting ------------------------------------------------------------------------------------------------------

    def _do(self, act: Act) -> None:
        if act.id is None:
            logger.warning("%s", act.reason)
            self._tell(MemoryTight(at=self._clock.time(), reason=act.reason))
            return
        entry = self._gate.live.get(act.id)
        if entry is None:
            return
        match act.do:
            case "checkpoint":
                self._ask_to_save(entry)
            case "suspend" if entry.view.state is State.RUNNING:
                entry.is_held = True
                self._gate.explain(entry, act.reason)
                self._begin(entry, lambda process: process.suspend())
            case "resume" if entry.view.state is State.SUSPENDED:
                self._begin(entry, lambda process: process.resume())
            case "evict":
                entry.is_evicted = True
                self._gate.explain(entry, act.reason)
                self._begin(entry, lambda process: process.kill(by=BY))

    def _begin(self, entry: Entry, act: Callable[[RunningProcess], Any]) -> None:
        acting = begin_act(entry, act)
        if acting is not None:
            acting.add_done_callback(partial(self._done, entry))

    def _done(self, entry: Entry, acting: asyncio.Task[None]) -> None:
        """What could not be done is told to the policy as it is, so that it does something else."""
        if acting.cancelled() or acting.exception() is None:
            return
        logger.error("%s: %s", entry.id, acting.exception())
        if entry.id in self._gate.live and entry.view.state is State.RUNNING:
            entry.is_held = False
            self._admission.resumed(entry.id, self._clock.monotonic())
