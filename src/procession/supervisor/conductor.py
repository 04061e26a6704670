"""The one writer: records facts in order, folds them into the views, tells, decides, acts.

Everything that changes a task passes through `Conductor.record`. Decisions are made once per turn of the event loop,
after everything that was submitted or learned in it, so that priority counts among tasks submitted together.
Not here: the verbs people use (``supervisor.py``), the decisions themselves (``procession.policy``).
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from procession.checkpoint.shelf import Shelf
from procession.model.amounts import format_duration
from procession.model.event import (
    Ended,
    Event,
    Ready,
    Retrying,
    Snapshot,
    Started,
    Starting,
)
from procession.model.state import State
from procession.policy.dependencies import Impossible, Met, Pending, judge_dependencies
from procession.policy.retry import WHOLE
from procession.supervisor.announcer import Announcer
from procession.supervisor.attempt import Attempt
from procession.supervisor.confining import Confining
from procession.supervisor.continuing import Continuing
from procession.supervisor.endings import broken, interrupted, never_will, wished
from procession.supervisor.fold import fold
from procession.supervisor.gate import Gate
from procession.supervisor.last_line import LastLine
from procession.supervisor.letting_go import let_go
from procession.supervisor.log_tail import log_paths
from procession.supervisor.observer import Observer
from procession.supervisor.reading import LazyReading, ReadsMachine
from procession.supervisor.registry import Registry
from procession.supervisor.steward import Steward
from procession.supervisor.watches import begin_watches, sizes_of_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from procession.model.agent import AgentProfile
    from procession.model.monitoring_rules import MonitoringRules
    from procession.model.outcome import Outcome
    from procession.model.task import Task
    from procession.model.view import TaskView
    from procession.policy.admission import Admission
    from procession.supervisor.clock import Clock
    from procession.supervisor.entry import Entry
    from procession.supervisor.launcher import Block
    from procession.supervisor.launching import Launch
    from procession.supervisor.ledger import Ledger
    from procession.supervisor.markers import Markers
    from procession.supervisor.observer import Sampler

logger = logging.getLogger("procession.task")


class Conductor:
    """Moves every task from *queued* to *ended*."""

    def __init__(
        self,
        admission: Admission,
        launch: Launch,
        clock: Clock,
        chance: Callable[[], float],
        *,
        ledger: Ledger,
        markers: Markers,
        rules: MonitoringRules,
        sampler: Sampler | None = None,
        machine: ReadsMachine | None = None,
        tokens: Mapping[str, int] | None = None,
        shelf: Shelf | None = None,
        agents: Mapping[str, AgentProfile] | None = None,
    ) -> None:
        self.registry = Registry(ledger.find, ledger.highest_id())
        self.announcer = Announcer()
        self.markers = markers
        self.announcer.subscribe(markers.hear)
        self.clock = clock
        self.ledger = ledger
        self.ledger.after_each_commit(self._drop_what_is_kept)
        self.observer = Observer(clock, rules, ledger, self._take, sampler)
        self._read = read = LazyReading(machine, clock)
        self.gate = Gate(admission, tokens or {}, clock, read=read, tell=self.record, start=self._start)
        self.steward = Steward(
            self.gate,
            clock,
            ledger,
            read=read,
            peek=self.observer.peek,
            tell=self.record,
            decide_soon=self.decide_soon,
            ask_to_save=lambda entry: self.preserver.ask_soon(entry, "memory"),
        )
        self.observer.on_samples = self.steward.take
        self.is_draining = False
        self.idle = asyncio.Event()
        self.idle.set()
        self._launch = launch
        self.continuing = Continuing(
            clock,
            ledger,
            chance,
            shelf=shelf,
            profiles=agents,
            tell=self._take,
            requeue=self.requeue,
            end=self.end,
        )
        self.preserver = self.continuing.preserver
        self._confining = Confining()
        self._unsettled: dict[str, Entry] = {}
        self._unfinished = 0
        self._is_decision_due = False
        self._is_handing_over = False
        self._ended: list[Entry] = []

    # --- record and fold -----------------------------------------------------------------------------------------

    def record(self, event: Event) -> None:
        """Take a fact about a task: fold it into its view, count, tell."""
        entry = None
        if event.task is not None:
            entry = self.registry.get(event.task)
            before = entry.view
            entry.view = fold(before, event)
            self._unfinished += (not entry.view.is_over) - (not before.is_over)
        self.ledger.crowd = len(self.gate.live)
        self.ledger.note(event, entry)
        self.announcer.tell(event)

    def snapshot(self) -> Snapshot:
        """Show all tasks as they stand now."""
        return Snapshot(at=self.clock.time(), tasks=tuple(entry.shown() for entry in self.registry))

    def accept(self, entry: Entry) -> None:
        """Take a task under care that is not over: a new one, or one that is remembered."""
        entry.marker = self.markers.path_of(entry.id)
        self.registry.add(entry)
        self._unfinished += 1
        self.idle.clear()

    def change(self, entry: Entry, task: Task, view: TaskView) -> None:
        """Describe a queued task anew."""
        self.gate.queue.discard(entry)
        entry.task, entry.view = task, view
        self.registry.note_dependencies(entry)

    def withdraw(self, entry: Entry) -> None:
        """Undo the acceptance of a task that nothing has become of."""
        self.gate.queue.discard(entry)
        self._unsettled.pop(entry.id, None)
        self.registry.drop(entry)
        self.ledger.forget(entry.id)
        self._unfinished -= 1
        if self._unfinished == 0:
            self.idle.set()

    # --- decide --------------------------------------------------------------------------------------------------

    def settle(self, entry: Entry) -> None:
        """Have it decided, soon, what shall become of a queued task."""
        self._unsettled[entry.id] = entry
        self.decide_soon()

    def decide_soon(self) -> None:
        """Decide at the end of this turn of the loop."""
        if not self._is_decision_due:
            self._is_decision_due = True
            asyncio.get_running_loop().call_soon(self._decide)

    def decide_now(self) -> None:
        """Decide at once, for whoever must know."""
        self._decide()

    def _decide(self) -> None:
        self._is_decision_due = False
        while self._unsettled:
            entry = self._unsettled.pop(next(iter(self._unsettled)))
            if entry.view.state is State.QUEUED and entry.timer is None and not entry.is_resting:
                self._judge(entry)
        self.gate.fill(self._held_back())
        self.steward.watch()

    def _judge(self, entry: Entry) -> None:
        known = {each.task: self.registry.get(each.task).upstream for each in entry.task.after}
        match judge_dependencies(entry.task.after, known):
            case Met() if (wait_s := self.continuing.agents.wait_s(entry)) > 0:
                self.gate.explain(entry, "waiting: its service has refused another one for now")
                self.settle_later(entry, wait_s)
            case Met():
                self.gate.add(entry)
            case Pending(reason):
                self.gate.explain(entry, reason)
            case Impossible(message=message):
                self.end(entry, never_will(message))

    def _held_back(self) -> str | None:
        """Say why nobody may start now, whatever the admission policy thinks; None if nothing is in the way."""
        if self.is_draining:
            return "waiting: draining, nothing new is started"
        if self.ledger.failure is not None:
            return f"waiting: the store cannot be written ({self.ledger.failure})"
        return None

    # --- act -----------------------------------------------------------------------------------------------------

    def _start(self, entry: Entry) -> None:
        entry.last_line = LastLine(log_paths(entry.task.command))
        entry.told = frozenset()
        entry.log_offsets = sizes_of_logs(entry.task)
        self.continuing.agents.prepare(entry)
        command = entry.view.command
        if entry.resume_argv is not None:
            command = str(entry.task.command.placed(argv=entry.resume_argv))
        starting = Starting(at=self.clock.time(), command=command, reason=entry.admitted)
        self.record(starting.of(entry.id, entry.view.attempt))
        self._run(entry, partial(self._launch, entry))

    def adopt(self, entry: Entry, block: Block) -> None:
        """Look after an attempt that was started by whoever was here before us."""
        entry.last_line = LastLine(log_paths(entry.task.command))
        is_taken_over = entry.view.state is not State.STARTING
        self.steward.take_over(entry)
        self._run(entry, lambda: block, is_taken_over=is_taken_over)
        if is_taken_over:
            self._confining.begin(entry, entry.view.pid or 0)
            self._look_after(entry)

    def _look_after(self, entry: Entry) -> None:
        watches = begin_watches(entry, self.clock, partial(self._take, entry))
        entry.watches = (*watches, *self.continuing.begin(entry))
        self.observer.begin(entry)

    def _run(self, entry: Entry, begin: Callable[[], Block], *, is_taken_over: bool = False) -> None:
        record, hear = partial(self._take, entry), partial(self._hear, entry)
        entry.attempt = Attempt(
            entry.task.command, begin, self.clock, record, hear, stored=entry.stored, is_taken_over=is_taken_over
        )
        entry.runner = asyncio.create_task(entry.attempt.run(), name=f"procession {entry.id}")
        entry.runner.add_done_callback(partial(self._attempt_over, entry))

    def _take(self, entry: Entry, event: Event) -> None:
        """Take a fact from a process. That it stops may have been recorded already, with the wish."""
        if (event.name == "stopping" and entry.view.state is State.STOPPING) or event.name in entry.told:
            return
        self.record(event.of(entry.id, entry.view.attempt))
        for watch in entry.watches:
            watch.hear(event)
        if entry.observed is not None:
            entry.observed.hear(event)
        self.steward.hear(entry, event)
        self.preserver.hear(entry, event)
        if isinstance(event, Started):
            self._confining.begin(entry, event.pid)
            entry.has_started = True
            self._settle_dependents(entry)
            self._look_after(entry)
        elif isinstance(event, Ready):
            self._settle_dependents(entry)

    def _hear(self, entry: Entry, stream: str, data: bytes) -> None:
        entry.last_line.feed(stream, data)
        for watch in entry.watches:
            watch.hear_output(stream, data)
        if entry.observed is not None:
            entry.observed.hear_output(stream, data)
        self.announcer.tell_output(entry.id, stream, data)

    def _attempt_over(self, entry: Entry, runner: asyncio.Task[Outcome]) -> None:
        if self._is_handing_over:
            _ = runner.cancelled() or runner.exception()  # looked at, so that asyncio does not complain
            return
        outcome = self._outcome_of(entry, runner)
        entry.last_line.finish()
        for watch in entry.watches:
            watch.close()
        entry.watches = ()
        entry.attempt = entry.runner = None
        self.conclude(entry, outcome)

    def conclude(self, entry: Entry, outcome: Outcome) -> None:
        """Let follow what must from how the present attempt ended: another one, or the end."""
        outcome = self.continuing.judge(entry, outcome)
        self.observer.end(entry, success=outcome.ok)
        self._confining.end(entry)
        self.gate.leave(entry, cut_short=outcome.kind not in WHOLE)
        self._read.forget()
        self.steward.remember()
        entry.is_held = False
        self.continuing.follow(entry, outcome)

    def _outcome_of(self, entry: Entry, runner: asyncio.Task[Outcome]) -> Outcome:
        process = entry.attempt.process if entry.attempt else None
        if runner.cancelled():
            return interrupted(entry.wish, process.outcome if process else None)
        error = runner.exception()
        if error is not None:
            logger.error("the attempt of %s broke", entry.id, exc_info=error)
            return broken(error)
        return wished(entry.wish, runner.result())

    def requeue(
        self,
        entry: Entry,
        outcome: Outcome,
        delay_s: float = 0.0,
        *,
        resumes: int | None = None,
        anew: str | None = None,
    ) -> None:
        """Queue a further attempt, due in ``delay_s`` seconds; how it begins: see `Retrying`."""
        entry.last_outcome = outcome
        entry.observed = None
        event = Retrying(at=self.clock.time(), delay_s=delay_s, outcome=outcome, resumes=resumes, anew=anew)
        self.record(event.of(entry.id, entry.view.attempt))
        self.settle_later(entry, delay_s)

    def settle_later(self, entry: Entry, delay_s: float) -> None:
        """Have it decided, not before ``delay_s`` seconds have passed, what shall become of a queued task."""
        if delay_s > 0:
            entry.due_at = self.clock.time() + delay_s
            entry.timer = self.clock.call_later(delay_s, partial(self._come_due, entry))
            if entry.view.waiting is None:
                self.gate.explain(entry, f"waiting: delayed by {format_duration(delay_s)}")
            self.decide_soon()
        else:
            self.settle(entry)

    def _come_due(self, entry: Entry) -> None:
        entry.timer = entry.due_at = None
        self.settle(entry)

    def end(self, entry: Entry, outcome: Outcome) -> None:
        """End a task that nothing runs of any more."""
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = entry.due_at = None
        self.gate.queue.discard(entry)
        entry.let_go(for_ever=True)
        self.record(Ended(at=self.clock.time(), outcome=outcome).of(entry.id, entry.view.attempt))
        entry.note_over()
        if self.ledger.keeps:
            self._ended.append(entry)
        if self._unfinished == 0:
            self.idle.set()
        self._settle_dependents(entry)
        self.decide_soon()

    def reopen(self, entry: Entry, *, resumes: int | None = None, argv: tuple[str, ...] | None = None) -> None:
        """Queue an ended task by hand, with fresh retries: anew, or by ``argv`` from checkpoint ``resumes``."""
        entry.marker = self.markers.path_of(entry.id)
        self.registry.add(entry)
        outcome = entry.view.outcome
        entry.wish, entry.retries_used = None, 0
        entry.is_resting, entry.resume_argv = False, argv
        entry.reacted.clear()
        self.idle.clear()
        if outcome is not None:
            self.requeue(entry, outcome, resumes=resumes)

    async def hand_over(self) -> None:
        """Let go of everything that runs, without ending it: somebody else will look after it."""
        self._is_handing_over = True
        self.close()
        await let_go(self.registry)

    def open(self) -> None:
        """Hear from the kernel when memory gets short."""
        self._read.watch_pressure(self.steward.look_now)

    def close(self) -> None:
        """Look at nothing any more."""
        self.steward.close()
        self.observer.close()
        self._read.close()

    def _drop_what_is_kept(self) -> None:
        """Hold in memory only what is not over, once the ledger has the rest."""
        if self.ledger.keeps:
            for entry in self._ended:
                if entry.view.is_over:
                    self.registry.drop(entry)
        self._ended.clear()

    def _settle_dependents(self, entry: Entry) -> None:
        for dependent in self.registry.dependents(entry):
            if dependent.view.state is State.QUEUED:
                self.settle(dependent)
