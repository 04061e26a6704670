"""What follows from the end of an attempt: another one, which goes on or begins anew; a rest; or the end of the task.

Not here: the rules (`procession.policy.retry`, `procession.policy.resuming`), and what a checkpoint is made of
(`preserving`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from procession.checkpoint.shelf import Shelf
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.state import State
from procession.policy.resuming import Anew, Ask, GiveUp, GoOn, next_attempt, shall_go_on
from procession.policy.retry import is_restarted, retry_delay_s, shall_retry
from procession.policy.storms import Storms
from procession.supervisor.agents import Agents
from procession.supervisor.endings import completed, evicted, gave_up
from procession.supervisor.preserving import Preserver

if TYPE_CHECKING:
    from procession.model.agent import AgentProfile
    from procession.model.event import Event
    from procession.supervisor.clock import Clock
    from procession.supervisor.entry import Entry
    from procession.supervisor.ledger import Ledger
    from procession.supervisor.watch import Watch


class Requeue(Protocol):
    """Queues a further attempt."""

    def __call__(
        self,
        entry: Entry,
        outcome: Outcome,
        delay_s: float = 0.0,
        *,
        resumes: int | None = None,
        anew: str | None = None,
    ) -> None:
        """Due in ``delay_s`` seconds; from checkpoint ``resumes``, or ``anew``, for that reason."""


class Continuing:
    """Asks ``requeue`` for another attempt, or ``end`` for the end.

    preserver, agents: what there is to go on from. tell: takes what is seen of a task. chance: random numbers from 0
    to 1. profiles: the user's, of the clients of coding agents.
    """

    def __init__(
        self,
        clock: Clock,
        ledger: Ledger,
        chance: Callable[[], float],
        *,
        shelf: Shelf | None,
        profiles: Mapping[str, AgentProfile] | None,
        tell: Callable[[Entry, Event], None],
        requeue: Requeue,
        end: Callable[[Entry, Outcome], None],
    ) -> None:
        self.agents = Agents(profiles or {}, clock, tell=tell, chance=chance, new_session=lambda: str(uuid.uuid4()))
        self.preserver = Preserver(clock, ledger, shelf or Shelf(None), tell, own_resume_argv=self.agents.resume_argv)
        self.agents.note_session = self.preserver.note_session
        self._clock = clock
        self._ledger = ledger
        self._chance = chance
        self._requeue = requeue
        self._end = end
        self._storms = Storms()

    def begin(self, entry: Entry) -> tuple[Watch, ...]:
        """Look after the attempt that has just started, or been taken over."""
        self.preserver.begin(entry)
        agent = self.agents.begin(entry)
        return () if agent is None else (agent,)

    def judge(self, entry: Entry, outcome: Outcome) -> Outcome:
        """Judge how the present attempt ended, of which nothing runs any more."""
        outcome = self.agents.judge(entry, completed(entry.task, entry.view.started_at, outcome))
        self.preserver.end(entry)
        return outcome

    def follow(self, entry: Entry, outcome: Outcome) -> None:
        """Let follow what must from how the present attempt ended."""
        is_evicted, entry.is_evicted = entry.is_evicted, False
        is_restarting, entry.is_restarting = entry.is_restarting, False
        is_releasing, entry.is_releasing = entry.is_releasing, False
        if entry.wish:
            self._end(entry, outcome)
        elif is_evicted:
            self._queue_again(entry, evicted(outcome))
        elif (is_releasing and _was_told_to_end(entry, outcome)) or is_restarting:
            self._queue_again(entry, outcome)
        elif entry.limited_until is not None:  # its service has refused it: nobody failed, and no retry is spent
            self._queue_again(entry, outcome, max(entry.limited_until - self._clock.time(), 0.0))
        elif shall_retry(entry.task, entry.retries_used, outcome):
            entry.retries_used += 1
            delay_s = retry_delay_s(entry.task, entry.retries_used, self._chance())
            now = self._clock.monotonic()
            self._queue_again(entry, outcome, self._storms.delay_s(entry.key, delay_s, now))
        elif is_restarted(entry.task, outcome):
            self._queue_again(entry, outcome, retry_delay_s(entry.task, 1, self._chance()))
        else:
            self._end(entry, outcome)

    def _queue_again(self, entry: Entry, outcome: Outcome, delay_s: float = 0.0) -> None:
        entry.resume_argv = None
        checkpoints = self._ledger.checkpoints(entry.id)
        begins_anew = outcome.kind is OutcomeKind.LOST and entry.task.restart == "retry"
        if begins_anew or not shall_go_on(entry.task, checkpoints):
            self._requeue(entry, outcome, delay_s)
            return
        match next_attempt(entry.task, checkpoints, entry.view.attempt + 1):
            case GoOn(argv, checkpoint):
                entry.resume_argv = argv
                self._requeue(entry, outcome, delay_s, resumes=checkpoint.number)
            case Anew(reason):
                self._requeue(entry, outcome, delay_s, anew=reason)
            case Ask(reason):
                entry.is_resting = True
                self._requeue(entry, outcome, delay_s, anew=f"{reason}; `procession resume` begins it anew")
            case GiveUp(reason):
                self._end(entry, gave_up(outcome, reason))


def _was_told_to_end(entry: Entry, outcome: Outcome) -> bool:
    """Whether it did not end by itself: one may save itself and exit with code 0 because an earlier supervisor asked.

    Who finished in that very moment goes on from its checkpoint, and has little to do: better twice than not at all.
    """
    return not outcome.ok or entry.view.state is State.STOPPING
