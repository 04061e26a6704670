"""PRESERVES: has tasks save their work, on request and by the clock, and remembers what they saved.

Only a task that says how is asked (``checkpoint`` of the task; a channel says so, too), and only so that it cannot die
of it. Whoever asks hears within its deadline: *saved*, *refused* or *no answer*. Not here: what follows from a
checkpoint (`continuing`), and the files (`procession.checkpoint`).
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from procession.errors import InvalidCheckpoint, ProcessionError
from procession.model.checkpoint import KEPT, By, Checkpoint, SaveReport, read_metadata
from procession.model.checkpointing import Checkpointing
from procession.model.event import AskedToSave, Checkpointed, CheckpointMissed, MemoryCritical, Notified
from procession.model.signals import signal_name, signal_number
from procession.model.state import State
from procession.policy.resuming import resumable
from procession.process.run import run
from procession.wire.node_ipc import CHECKPOINT as WISH
from procession.wire.notices import CHECKPOINT as SAVED
from procession.wire.notices import CHECKPOINT_METADATA as METADATA

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.checkpoint.shelf import Shelf
    from procession.model.event import Event
    from procession.supervisor.clock import Clock, Timer
    from procession.supervisor.entry import Entry
    from procession.supervisor.launcher import RunningProcess
    from procession.supervisor.ledger import Ledger

logger = logging.getLogger("procession.task")

_BY_MESSAGE: Final = Checkpointing(message=True, every_s=math.inf, before_stop=False)
"""How a task is asked that has a channel, and says no more."""

_OUTPUT_BYTES: Final = 4096


class Refused(Exception):
    """It was not asked, or said no; the message says why."""


class Preserver:
    """Serves one supervisor. ``send`` says something through the channel of a task, once somebody can.

    own_resume_argv: says with which command the client of an agent goes on with its session.
    """

    def __init__(
        self,
        clock: Clock,
        ledger: Ledger,
        shelf: Shelf,
        tell: Callable[[Entry, Event], None],
        *,
        own_resume_argv: Callable[[Entry, str | None], tuple[str, ...] | None],
    ) -> None:
        self._own_resume_argv = own_resume_argv
        self._clock = clock
        self._ledger = ledger
        self._shelf = shelf
        self._tell = tell
        self._timers: dict[str, Timer] = {}
        self._waiting: dict[str, list[asyncio.Future[Checkpoint]]] = {}
        self._asked_by: dict[str, By] = {}
        self._work: set[asyncio.Task[Any]] = set()
        self._tidying: asyncio.Task[Any] | None = None
        self.send: Callable[[RunningProcess, Any], Any] | None = None

    # --- hearing -----------------------------------------------------------------------------------------------------

    def begin(self, entry: Entry) -> None:
        """Look after the attempt that has just started, or been taken over."""
        self._arm(entry)

    def hear(self, entry: Entry, event: Event) -> None:
        """Take what is told of it: that it has saved its work, or that it uses too much memory."""
        if isinstance(event, Notified) and SAVED in event.fields:
            self._hear_that_it_saved(entry, event.fields[SAVED] or None, _facts_of(entry, event.fields.get(METADATA)))
        elif isinstance(event, MemoryCritical) and entry.task.checkpoint is not None:
            self.ask_soon(entry, "memory")

    def _hear_that_it_saved(self, entry: Entry, saved: str | None, facts: dict[str, str]) -> None:
        try:
            self._take(entry, saved, facts=facts)
        except Refused as refusal:
            waiting = self._waiting.get(entry.id, ())
            for each in waiting:
                if not each.done():
                    each.set_exception(refusal)
            if not waiting:
                self._missed(entry, "task", "refused", str(refusal))

    def note_session(self, entry: Entry) -> None:
        """Remember the session of a client, which keeps it itself: it can be gone on with from now on."""
        self._take(entry, None)

    def end(self, entry: Entry) -> None:
        """Its attempt is over: nobody is asked any more."""
        self._disarm(entry)
        for each in self._waiting.pop(entry.id, ()):
            if not each.done():
                each.set_exception(Refused("it has ended"))

    def forget(self, id_: str) -> None:
        """Remove what was kept of a task that is removed."""
        path = self._shelf.path_of(id_)
        if path is not None and (self._tidying is not None or os.path.lexists(path)):
            self._begin(self._remove(id_))

    async def _remove(self, id_: str) -> None:
        if self._tidying is not None:  # else it might be written anew
            await asyncio.wait({self._tidying})
        await asyncio.to_thread(self._shelf.remove, id_)

    def tidy(self) -> None:
        """Bring to an end what an earlier supervisor did not, killed while it wrote files."""
        self._tidying = self._begin(self._tidy(list(self._ledger.latest_checkpoints())))

    async def _tidy(self, latest: list[Checkpoint]) -> None:
        for id_ in await asyncio.to_thread(self._look_what_lags, latest):
            if kept := self._ledger.checkpoints(id_):  # else it was removed meanwhile
                await asyncio.to_thread(_write, partial(self._shelf.catch_up, kept), id_)

    def _look_what_lags(self, latest: list[Checkpoint]) -> list[str]:
        try:
            self._shelf.sweep()
        except OSError as error:
            logger.warning("unfinished files of checkpoints cannot be removed: %s", error)
        return [each.task for each in latest if self._lags(each)]

    def _lags(self, checkpoint: Checkpoint) -> bool:
        try:
            return self._shelf.lags_behind(checkpoint)
        except OSError as error:
            logger.warning("the file of the checkpoints of %s cannot be read: %s", checkpoint.task, error)
            return False

    async def close(self) -> None:
        """Ask nobody any more; what is being written is written."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for waiting in self._waiting.values():
            for each in waiting:
                each.cancel()
        if self._work:
            await asyncio.wait(self._work)

    # --- asking ------------------------------------------------------------------------------------------------------

    def ask_soon(self, entry: Entry, by: By) -> None:
        """Have it asked; what comes of it is told as an event."""
        if entry.id not in self._waiting:
            self._begin(self.ask(entry, by))

    async def ask(self, entry: Entry, by: By) -> SaveReport:
        """Have it save its work, and say what came of it. Never ends it."""
        try:
            checkpoint = await self._ask(entry, how_to_ask(entry), by)
        except Refused as refusal:
            return self._missed(entry, by, "refused", str(refusal))
        except TimeoutError as silence:
            return self._missed(entry, by, "no_answer", str(silence))
        return SaveReport(task=entry.id, answer="saved", reason=checkpoint.reason, checkpoint=checkpoint)

    async def _ask(self, entry: Entry, how: Checkpointing | None, by: By) -> Checkpoint:
        process = entry.attempt.process if entry.attempt else None
        if how is None and self._own_resume_argv(entry, entry.view.session) is not None:
            return self._take(entry, None, by)
        if how is None:
            raise Refused("it does not say how it is asked to save its work (checkpoint = …)")
        if process is None:
            raise Refused(f"nothing of it runs: it is {entry.view.state.value}")
        if entry.view.state is State.SUSPENDED:
            raise Refused("it is suspended, and would not hear it")
        answer: asyncio.Future[Checkpoint] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(entry.id, []).append(answer)
        self._asked_by[entry.id] = by
        timer = self._clock.call_later(how.deadline_s, partial(_give_up, answer, how.deadline_s))
        asking = asyncio.ensure_future(self._say(entry, process, how, answer, by))
        asking.add_done_callback(partial(_pass_on, answer))
        try:
            return await answer
        finally:
            timer.cancel()
            asking.cancel()
            self._leave(entry.id, answer)

    async def _say(
        self, entry: Entry, process: RunningProcess, how: Checkpointing, answer: asyncio.Future[Checkpoint], by: By
    ) -> None:
        self._tell(entry, AskedToSave(at=self._clock.time(), reason=_REASONS[by]))
        if how.signal is not None:
            await self._signal(process, signal_number(how.signal))
        elif how.command is not None:
            await self._run(entry, how.command, how.deadline_s)
            if not answer.done():  # it said nothing itself: that the command succeeded is the answer
                self._take(entry, None)
        elif self.send is not None:
            await self.send(process, {WISH: {"by": by}})

    async def _signal(self, process: RunningProcess, number: int) -> None:
        """Only who has a handler for it is sent it: anybody else would die of it."""
        if not await process.send_signal_if_caught(number):
            raise Refused(f"process {process.pid} has no handler for {signal_name(number)}, and would die of it")

    async def _run(self, entry: Entry, command: tuple[str, ...], deadline_s: float) -> None:
        values = {"{task}": entry.id, "{pid}": str(entry.view.pid or ""), "{attempt}": str(entry.view.attempt)}
        argv = [_filled(each, values) for each in command]
        result = await run(argv, cwd=entry.view.cwd, timeout=deadline_s, output_limit_bytes=_OUTPUT_BYTES)
        if not result.outcome.ok:
            raise Refused(f"{argv[0]}: {result.outcome.message or result.outcome.kind.value}")

    # --- remembering -------------------------------------------------------------------------------------------------

    def _take(
        self, entry: Entry, saved: str | None, wanted_by: By = "task", *, facts: dict[str, str] | None = None
    ) -> Checkpoint:
        """Remember a checkpoint, and tell whoever waits for it. Raises: Refused: it cannot be one."""
        kept = self._ledger.checkpoints(entry.id)
        by = self._asked_by.pop(entry.id, wanted_by)
        view = entry.glance()
        try:
            checkpoint = Checkpoint(
                task=entry.id,
                number=kept[0].number + 1 if kept else 1,
                attempt=view.attempt,
                session=view.session,
                at=self._clock.time(),
                by=by,
                progress=view.progress,
                saved=saved,
                cwd=view.cwd,
                can_resume=False,
                reason="",
                metadata=facts or {},
            )
        except ValueError as error:  # what it says of itself cannot be kept
            raise Refused(f"what it says of its checkpoint cannot be: {error}") from None
        own = self._own_resume_argv(entry, checkpoint.session)
        can_resume, reason, argv = resumable(entry.task, checkpoint, own)
        checkpoint = replace(checkpoint, can_resume=can_resume, reason=reason, resume_command=argv)
        keep = KEPT if entry.task.checkpoint is None else entry.task.checkpoint.keep
        self._ledger.note_checkpoint(checkpoint, keep)
        told = Checkpointed(
            at=checkpoint.at,
            number=checkpoint.number,
            by=by,
            saved=saved,
            can_resume=checkpoint.can_resume,
            reason=checkpoint.reason,
        )
        self._tell(entry, told)
        self._begin(asyncio.to_thread(_write, partial(self._shelf.put, checkpoint, keep), entry.id))
        if entry.id in self._timers:
            self._arm(entry)
        for each in self._waiting.get(entry.id, ()):
            if not each.done():
                each.set_result(checkpoint)
        return checkpoint

    def _missed(self, entry: Entry, by: By, answer: Any, reason: str) -> SaveReport:
        self._tell(entry, CheckpointMissed(at=self._clock.time(), by=by, answer=answer, reason=reason))
        return SaveReport(task=entry.id, answer=answer, reason=reason)

    # --- by the clock ------------------------------------------------------------------------------------------------

    def _arm(self, entry: Entry) -> None:
        """Have it asked when its time has come, counted from now; one that is asked by nobody's clock never."""
        self._disarm(entry)
        how = entry.task.checkpoint
        if how is not None and how.every_s < math.inf:
            self._timers[entry.id] = self._clock.call_later(how.every_s, partial(self._ask_in_time, entry))

    def _disarm(self, entry: Entry) -> None:
        timer = self._timers.pop(entry.id, None)
        if timer is not None:
            timer.cancel()

    def _ask_in_time(self, entry: Entry) -> None:
        self._timers.pop(entry.id, None)
        if entry.attempt is not None:
            if entry.view.state is State.RUNNING:
                self.ask_soon(entry, "timer")
            self._arm(entry)

    def _leave(self, id_: str, answer: asyncio.Future[Checkpoint]) -> None:
        waiting = self._waiting.get(id_, [])
        if answer in waiting:
            waiting.remove(answer)
        if not waiting:
            self._waiting.pop(id_, None)
            self._asked_by.pop(id_, None)

    def _begin(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task


def how_to_ask(entry: Entry) -> Checkpointing | None:
    """Say how a task is asked to save its work; None: it is not."""
    if entry.task.checkpoint is not None:
        return entry.task.checkpoint
    return _BY_MESSAGE if entry.task.command.channel else None


def _facts_of(entry: Entry, text: str | None) -> dict[str, str]:
    """Read what it says of its checkpoint; what cannot be read is no reason not to keep that."""
    try:
        return {} if text is None else read_metadata(text)
    except ValueError as error:
        logger.warning("%s says something of its checkpoint that is left out: %s", entry.id, error)
        return {}


def _write(put: Callable[[], None], task: str) -> None:
    """Have the file written; that it cannot be ends nothing, since the store has the same."""
    try:
        put()
    except (OSError, InvalidCheckpoint) as error:
        logger.warning("the file of a checkpoint of %s cannot be written: %s", task, error)


def _filled(argument: str, values: dict[str, str]) -> str:
    for placeholder, value in values.items():
        argument = argument.replace(placeholder, value)
    return argument


def _give_up(answer: asyncio.Future[Checkpoint], waited_s: float) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError(f"it did not say within {waited_s:g} s that it has saved"))


def _pass_on(answer: asyncio.Future[Checkpoint], asking: asyncio.Future[None]) -> None:
    """What went wrong with the asking is the answer."""
    error = None if asking.cancelled() else asking.exception()
    if error is not None and not answer.done():
        answer.set_exception(Refused(str(error)) if isinstance(error, ProcessionError) else error)


_REASONS: Final[dict[By, str]] = {
    "task": "it wanted to",
    "user": "somebody asked for it",
    "timer": "its time has come",
    "stop": "it is to be stopped",
    "memory": "memory gets short",
    "suspend": "it is to be suspended",
    "evict": "it has to make room",
    "reaction": "its settings say so",
}
