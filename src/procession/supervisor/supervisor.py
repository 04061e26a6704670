"""The door to many processes: submit tasks, watch them, stop them. Leaving the block leaves nothing behind.

It lives in one event loop and is not thread-safe. Verbs return when their effect is there, and cancelling who waits
never disturbs a task. Who starts the processes and what is written down are its launcher and its ledger: with a keeper
and a store (`custody`) the same supervisor may be killed at any instant.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random as random_module
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from procession.checkpoint.shelf import Shelf
from procession.errors import InvalidTask, StoreUnavailable, UsageError
from procession.model.event import Edited, Event, Removed
from procession.model.monitoring_rules import MonitoringRules
from procession.model.pool import HARD_LIMIT, SOFT_LIMIT, PoolSettings
from procession.model.signals import signal_or_probe
from procession.model.state import LIVE, State
from procession.model.task import Task, edited, task
from procession.model.view import TaskView, edited_view
from procession.model.why import Why
from procession.monitor.machine import MachineReader
from procession.policy.choice import admission_of
from procession.supervisor.accepting import accept_all, check_need, check_single, start_now_or_never
from procession.supervisor.acting import (
    ask_to_end,
    finish_uninterrupted,
    process_of,
    queued_entry,
    wait_until_over,
    wait_until_ready,
)
from procession.supervisor.clock import Clock, SystemClock
from procession.supervisor.conductor import Conductor
from procession.supervisor.entry import Entry
from procession.supervisor.explaining import explain
from procession.supervisor.launcher import Launcher
from procession.supervisor.launching import Launch, launching
from procession.supervisor.ledger import Ledger, NoLedger
from procession.supervisor.markers import Markers
from procession.supervisor.pausing import Pausing, saving_and_ending
from procession.supervisor.reacting import Reactor
from procession.supervisor.talking import Talking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from procession.model.agent import AgentProfile
    from procession.model.command import Argument, Command
    from procession.model.context import Context
    from procession.policy.admission import Admission
    from procession.process.keeper import Keeper
    from procession.supervisor.announcer import OutputCallback
    from procession.supervisor.custody import Custody
    from procession.supervisor.event_stream import EventStream
    from procession.supervisor.observer import Sampler
    from procession.supervisor.reading import ReadsMachine
    from procession.supervisor.recovery import Recovery

Views = list[TaskView]
logger = logging.getLogger("procession.task")

_RECENT_LIMIT: Final = 1000
"""Of so many tasks that ended last it is made sure that their markers are there."""


class Supervisor(Pausing, Talking):
    """Runs many tasks: ``async with Supervisor(hard_limit=4) as supervisor: supervisor.submit(["make"])``.

    pool: the figures by which it is decided who may start when; ``admission`` replaces the policy altogether.
    keeper: an entered `Keeper`, which becomes the parent of all processes: they are gone when this process is.
    launcher, clock, random: the seams for whoever runs processes elsewhere, or tests.
    launch, ledger: the same for whoever must not lose anything; see `procession.supervisor.custody`.
    markers, checkpoints: directories that exist and are yours; there each task that is over leaves a file
    ``<id>.done``, and each that saves its work one called ``<id>.json``.
    agents: profiles of clients of coding agents, by name, beside those that are known.
    monitoring: how tasks are watched that say nothing of it themselves. sampler, machine: the seams to what trees use
    and to what the machine has left.
    """

    def __init__(
        self,
        *,
        hard_limit: int = HARD_LIMIT,
        soft_limit: int = SOFT_LIMIT,
        pool: PoolSettings | None = None,
        admission: Admission | None = None,
        keeper: Keeper | None = None,
        launcher: Launcher | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] = random_module.random,
        launch: Launch | None = None,
        ledger: Ledger | None = None,
        markers: str | os.PathLike[str] | None = None,
        checkpoints: str | os.PathLike[str] | None = None,
        agents: Mapping[str, AgentProfile] | None = None,
        monitoring: MonitoringRules | None = None,
        sampler: Sampler | None = None,
        machine: ReadsMachine | None = None,
    ) -> None:
        """Raise UsageError for a limit that cannot be."""
        rules = monitoring or MonitoringRules()
        figures = pool or PoolSettings(hard_limit=hard_limit, soft_limit=soft_limit)
        ledger, clock = ledger or NoLedger(), clock or SystemClock()
        policy = admission or admission_of(figures, ledger.footprints(), clock.time() - clock.monotonic())
        self._conductor = Conductor(
            policy,
            launch or launching(launcher or (keeper.spawn if keeper else None)),
            clock,
            random,
            ledger=ledger,
            markers=Markers(None if markers is None else os.path.abspath(markers)),
            rules=rules,
            sampler=sampler,
            machine=(machine or MachineReader()) if policy.needs_looks else None,
            tokens=figures.tokens,
            agents=agents,
            shelf=Shelf(None if checkpoints is None else os.path.abspath(checkpoints), complain=_complain),
        )
        self._registry = self._conductor.registry
        self._ledger = self._conductor.ledger
        self._is_open = self._is_handed_over = False
        self.pss_bytes = self._conductor.observer.pss_bytes
        super().__init__(self._registry)
        self._reactor = Reactor(self._conductor, rules, self._send)
        self._conductor.preserver.send = self._send

    async def __aenter__(self) -> Self:
        """Begin to take tasks."""
        self._is_open = True
        self._conductor.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything, in parallel, unless it was handed over. Cancelling this insists: what is left is killed."""
        self._is_open = False
        try:
            if not self._is_handed_over:
                await self.stop_all(by="shutdown")
        except BaseException:
            await finish_uninterrupted(self.kill_all(by="shutdown"))
            raise
        finally:
            self._conductor.close()
            await self._reactor.close()
            await self._conductor.preserver.close()
            await self._conductor.markers.close()
            self._conductor.announcer.close()

    def recover(self, custody: Custody) -> Recovery:
        """Take up what an earlier supervisor left in the store and with the keeper of ``custody``; say how much."""
        from procession.supervisor.recovery import Recovery  # noqa: PLC0415 - a plain script has nothing to recover

        self._custody = custody
        recovery = Recovery(self._conductor, custody)
        recovery.run()
        self._conductor.preserver.tidy()
        self._conductor.markers.catch_up(custody.ledger.store.views(states=(State.ENDED,), limit=_RECENT_LIMIT))
        return recovery

    async def hand_over(self) -> None:
        """Take no further task and let go of what runs, for whoever comes after us to look after."""
        self._is_open = False
        self._is_handed_over = True
        if self._custody is not None:
            self._custody.leave()
        await self._reactor.close()
        await self._conductor.preserver.close()
        await self._conductor.hand_over()

    # --- submit --------------------------------------------------------------------------------------------------

    def submit(self, work: Task | Command | Sequence[Argument], /, **fields: Any) -> str:
        """Accept a task and return its id: its name, else ``t1``, ``t2`` … It starts as soon as it may.

        ``fields`` are those of a Task (``name``, ``after``, ``retries``, ``priority``, ``group`` …).
        Raises: InvalidTask, InvalidCommand, StoreUnavailable: nothing was accepted.
        """
        return self.submit_all([task(work, **fields)])[0]

    def submit_all(
        self, tasks: Iterable[Task], *, context: Context | None = None, replace: bool = False, now: bool = False
    ) -> list[str]:
        """Accept all or none; they may wait for each other in any order.

        context: the circumstances of whoever submits, instead of ours. replace: a name that a task which is over has
        may be given anew; that task is removed. now: one task, which starts now or is not taken.
        Raises: InvalidTask, StoreUnavailable, NoRoom.
        """
        if not self._is_open:
            message = "the supervisor takes no tasks: its block was not entered, or is being left"
            raise UsageError(message)
        self._ledger.check_writable()
        given = list(tasks)
        if now:
            check_single(given)
        entries = accept_all(self._conductor, given, context, replace=replace, remove=self.remove)
        if now:
            start_now_or_never(self._conductor, entries[0])
        return [entry.id for entry in entries]

    async def commit(self, submitted: Iterable[str] = ()) -> None:
        """Have all that was said so far written down. Raises: StoreUnavailable; ``submitted`` are withdrawn then."""
        try:
            await self._ledger.commit()
        except StoreUnavailable:
            for id_ in submitted:
                self._conductor.withdraw(self._registry.get(id_))
            raise

    def edit(self, id: str, **fields: Any) -> TaskView:  # noqa: A002 - the field's own name
        """Change ``fields`` of a task that is still queued; those of its command are called ``command.cwd`` and so on.

        Raises: InvalidTask, InvalidCommand, StoreUnavailable; UsageError: it is not queued any more.
        """
        self._ledger.check_writable()
        entry = queued_entry(self._registry.get(id))
        if "name" in fields:
            raise InvalidTask("name", "cannot be changed: it is the task's id")
        changed = edited(entry.task, fields)
        self._registry.check_dependencies_of(entry.id, changed)
        check_need(self._conductor, changed)
        self._conductor.change(entry, changed, edited_view(entry.view, changed))
        self._conductor.record(Edited(at=self._conductor.clock.time(), fields=tuple(fields)).of(id, entry.view.attempt))
        self._conductor.settle(entry)
        return entry.shown()

    def remove(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Forget a task that is over. Raises: UsageError: it is not; UnknownTask, StoreUnavailable."""
        self._ledger.check_writable()
        entry = self._registry.get(id)
        waiting = [each.id for each in self._registry.dependents(entry) if not each.view.is_over]
        if not entry.view.is_over or waiting:
            why = f"{', '.join(waiting)} waits for it" if waiting else f"it is {entry.view.state.value}"
            raise UsageError(f"task {entry.id} cannot be removed: {why}", hint="stop it first", task=entry.id)
        self._conductor.record(Removed(at=self._conductor.clock.time()).of(id, entry.view.attempt))
        self._registry.drop(entry)
        self._ledger.forget(entry.id)
        self._conductor.preserver.forget(entry.id)
        return entry.view

    def drain(self, *, on: bool = True) -> None:
        """Start nothing new (or, with ``on`` False, go on starting). What runs goes on; tasks are still accepted."""
        self._conductor.is_draining = on
        self._conductor.decide_soon()

    @property
    def is_draining(self) -> bool:
        """Whether nothing new is started."""
        return self._conductor.is_draining

    # --- look ----------------------------------------------------------------------------------------------------

    def get(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Show a task as it stands. Raises: UnknownTask."""
        return self._registry.get(id).shown()

    def glance(self, id: str) -> TaskView | None:  # noqa: A002 - the field's own name
        """Show how a task that is not over does, without a look at what it printed last; None for any other."""
        entry = self._registry.live(id)
        return None if entry is None else entry.glance()

    def get_task(self, id: str) -> Task:  # noqa: A002 - the field's own name
        """Give what was submitted, as it will be or was run. Raises: UnknownTask."""
        return self._registry.get(id).task

    def why(self, id: str) -> Why:  # noqa: A002 - the field's own name
        """Say why a task waits, or why it was let in. Raises: UnknownTask."""
        return explain(self._conductor, self._registry.get(id))

    def needed_ids(self) -> set[str]:
        """Give the ids of tasks that unfinished ones wait for."""
        return {each.task for entry in self._registry if not entry.view.is_over for each in entry.task.after}

    @property
    def has_running(self) -> bool:
        """Whether a process of any task may exist."""
        return any(entry.view.state in LIVE for entry in self._registry)

    def list(self) -> Views:
        """Show all tasks in the order of submission."""
        return [entry.shown() for entry in self._registry]

    def subscribe(self, callback: Callable[[Event], Any]) -> Callable[[], None]:
        """Call back with every event from now on; call the result to end that.

        ``list()`` before it, with no await between, is the state to which the events add.
        """
        return self._conductor.announcer.subscribe(callback)

    def subscribe_output(self, callback: OutputCallback) -> Callable[[], None]:
        """Call back with ``(id, stream, data)`` for every piece of output that comes through a pipe or pty."""
        return self._conductor.announcer.subscribe_output(callback)

    def events(self) -> EventStream:
        """Listen from this moment: an async iterator over a Snapshot, then every newer event, to the end of the block.

        What is not read yet is kept, so read, or drop it.
        """
        return self._conductor.announcer.open_stream(self._conductor.snapshot())

    # --- wait ----------------------------------------------------------------------------------------------------

    async def wait(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Wait until a task is over, retries included. Raises: UnknownTask."""
        return await self._until_over(self._registry.get(id), None)

    async def wait_ready(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Wait until a task is ready, or over. Raises: UnknownTask; UsageError: it does not say how it gets ready."""
        entry = self._registry.get(id)
        await wait_until_ready(self._conductor, entry)
        return entry.shown()

    async def wait_all(self) -> Views:
        """Wait until every task is over, those submitted meanwhile included."""
        await self._conductor.idle.wait()
        await self._conductor.markers.close()
        return self.list()

    # --- act -----------------------------------------------------------------------------------------------------

    async def stop(self, id: str, by: str = "user", grace_s: float | None = None) -> TaskView:  # noqa: A002
        """Ask a task to end, insist after its grace; return when it is over. No retry follows.

        Stopping twice is stopping once (``kill`` insists); a task that is over already is shown as it is.
        """
        entry = self._registry.get(id)
        act = ask_to_end(self._conductor, entry, by, saving_and_ending(self._conductor, entry, by, grace_s))
        return await self._until_over(entry, act)

    async def kill(self, id: str, by: str = "user") -> TaskView:  # noqa: A002 - the field's own name
        """End a task and its whole tree at once; return when it is over. No retry follows."""
        entry = self._registry.get(id)
        act = ask_to_end(self._conductor, entry, by, lambda process: process.kill(by=by), insist=True)
        return await self._until_over(entry, act)

    async def stop_all(self, by: str = "user", grace_s: float | None = None) -> Views:
        """Stop every task, in parallel; return when all are over. What is submitted later runs."""
        return await self._end_all(lambda id_: self.stop(id_, by, grace_s))

    async def kill_all(self, by: str = "user") -> Views:
        """Kill every task; return when all are over."""
        return await self._end_all(lambda id_: self.kill(id_, by))

    async def signal(
        self,
        id: str,  # noqa: A002 - the field's own name
        signal: str | int,
        scope: Literal["leader", "tree"] = "leader",
    ) -> TaskView:
        """Send one signal; 0 only asks whether it lives. It is no wish to end: what dies of it is retried.

        Raises: InvalidSignal, AlreadyEnded; UsageError: nothing of it runs.
        """
        number = signal_or_probe(signal)
        entry = self._registry.get(id)
        process_of(entry, even_stopping=True).send_signal(number, scope=scope)
        return entry.shown()

    def retry(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Queue a further attempt of a task that is over, with fresh retries.

        Raises: UsageError: it is not over; StoreUnavailable.
        """
        self._ledger.check_writable()
        entry = self._registry.get(id)
        if not entry.view.is_over or not self._is_open:
            message = f"task {entry.id} cannot be retried: it is {entry.view.state.value}"
            raise UsageError(message, task=entry.id)
        self._conductor.reopen(entry)
        return entry.shown()

    # --- helpers -------------------------------------------------------------------------------------------------

    async def _until_over(self, entry: Entry, act: asyncio.Task[None] | None) -> TaskView:
        await wait_until_over(entry, act)
        await self._conductor.markers.written(entry.id)
        return entry.shown()

    async def _end_all(self, end: Callable[[str], Any]) -> Views:
        """All are asked in the same turn of the loop, so that no end makes room for another start."""
        unfinished = [entry for entry in self._registry if not entry.view.is_over]
        await asyncio.gather(*(end(entry.id) for entry in unfinished))
        return [entry.shown() for entry in unfinished]


def _complain(path: str, reason: str) -> None:
    logger.warning("%s was set aside: %s", path, reason)
