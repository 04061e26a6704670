"""REACTS: does what the settings of a task say about an event. Without a word in them, nothing is done.

Every reaction is told as an event of its own, with the problem if it could not be done. Not here: when it is due
(`procession.policy.reactions`).
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from procession.errors import ProcessionError, UsageError
from procession.model.event import Event, Reacted
from procession.model.signals import signal_number
from procession.policy.reactions import Reactions
from procession.supervisor.acting import ask_to_end, process_of
from procession.supervisor.acts import begin_act
from procession.supervisor.hooks import Hooks
from procession.supervisor.log_line import log_line
from procession.wire.node_ipc import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from procession.model.monitoring_rules import MonitoringRules
    from procession.model.reaction import Reaction
    from procession.policy.reactions import Due
    from procession.supervisor.clock import Timer
    from procession.supervisor.conductor import Conductor
    from procession.supervisor.entry import Entry
    from procession.supervisor.launcher import RunningProcess

logger = logging.getLogger("procession.task")

BY = "reaction"


class Reactor:
    """Hears every event of ``conductor``; ``send`` sends a message to what runs of a task."""

    def __init__(
        self, conductor: Conductor, rules: MonitoringRules, send: Callable[[RunningProcess, Any], Any]
    ) -> None:
        self._conductor = conductor
        self._rules = rules
        self._send = send
        self._tasks: dict[str, Reactions] = {}
        self._timers: dict[str, Timer] = {}
        self._hooks = Hooks()
        self._sending: set[asyncio.Task[None]] = set()
        conductor.announcer.subscribe(self._hear)

    async def close(self) -> None:
        """React to nothing more; hooks that run may end."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._tasks.clear()
        for each in tuple(self._sending):
            each.cancel()
        await self._hooks.close()

    def _hear(self, event: Event) -> None:
        if event.task is None or isinstance(event, Reacted):
            return
        known = self._tasks.get(event.task)
        if known is None:
            entry = None if event.name == "removed" else self._conductor.registry.find(event.task)
            wanted = () if entry is None else self._rules.reactions(entry.task.monitoring, entry.task.group)
            if entry is None or not wanted:
                return
            known = self._tasks[event.task] = Reactions(wanted, entry.reacted)
        known.hear(event, self._conductor.clock.monotonic())
        self._do_what_is_due(event.task)
        if event.name in ("ended", "removed") and known.next_at_s is None:
            del self._tasks[event.task]

    def _do_what_is_due(self, id_: str) -> None:
        known = self._tasks.get(id_)
        timer = self._timers.pop(id_, None)
        if timer is not None:
            timer.cancel()
        if known is None:
            return
        now_s = self._conductor.clock.monotonic()
        for due in known.take_due(now_s):
            self._react(id_, due)
        next_at_s = known.next_at_s
        if next_at_s is not None:
            self._timers[id_] = self._conductor.clock.call_later(next_at_s - now_s, partial(self._do_what_is_due, id_))

    def _react(self, id_: str, due: Due) -> None:
        entry = self._conductor.registry.find(id_)
        if entry is None:
            return
        tell = partial(self._tell, id_, due)
        try:
            problem = self._do(entry, due.reaction, due.event, tell)
        except (ProcessionError, ValueError) as error:
            problem = str(error)
        if problem is not None or due.reaction.word not in ("run", "message", "checkpoint"):
            tell(problem)

    def _tell(self, id_: str, due: Due, problem: str | None) -> None:
        if self._conductor.registry.find(id_) is None:
            return  # it was removed meanwhile
        told = Reacted(at=self._conductor.clock.time(), to=due.event.name, do=due.reaction.do, problem=problem)
        self._conductor.record(told.of(id_, due.event.attempt or 1))

    def _do(self, entry: Entry, reaction: Reaction, event: Event, tell: Callable[[str | None], None]) -> str | None:
        """Do it, and give what kept us from it; ``tell`` hears of what ends later."""
        match reaction.word:
            case "notify":
                logger.warning(log_line(event), extra={"event": event})
            case "signal":
                process_of(entry).send_signal(signal_number(reaction.argument or ""))
            case "message":
                self._begin_to_send(entry, reaction.message, tell)
            case "checkpoint" if entry.task.checkpoint is not None:
                process_of(entry)
                self._begin(self._save_and_tell(entry, tell))
            case "checkpoint":
                self._begin_to_send(entry, {CHECKPOINT: {"by": BY, "event": event.name}}, tell)
            case "suspend":
                process_of(entry)
                begin_act(entry, lambda process: process.suspend())
            case "stop":
                ask_to_end(self._conductor, entry, BY, lambda process: process.terminate(by=BY))
            case "restart":
                process_of(entry)
                entry.is_restarting = True  # another attempt follows, and spends no retry
                begin_act(entry, lambda process: process.terminate(by="restart"))
            case _:
                return self._hooks.run(reaction.argv, event, entry.view.cwd, tell)
        return None

    def _begin_to_send(self, entry: Entry, message: Any, tell: Callable[[str | None], None]) -> None:
        process = process_of(entry)
        if not entry.task.command.channel:
            raise UsageError(f"task {entry.id} has no channel: nobody hears that", hint="give it channel = true")
        self._begin(self._send_and_tell(process, message, tell))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _save_and_tell(self, entry: Entry, tell: Callable[[str | None], None]) -> None:
        report = await self._conductor.preserver.ask(entry, "reaction")
        tell(None if report.answer == "saved" else report.reason)

    async def _send_and_tell(self, process: RunningProcess, message: Any, tell: Callable[[str | None], None]) -> None:
        try:
            await self._send(process, message)
        except ProcessionError as error:
            tell(str(error))
        else:
            tell(None)
