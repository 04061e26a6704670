"""PAUSES: saving, suspending, going on. A part of the supervisor's door.

A suspended task keeps its processes, which do not run; one that is *released* keeps none: it has saved its work, is
ended, and goes on from there in a new attempt.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from procession.errors import UsageError
from procession.model.state import State
from procession.policy.resuming import GoOn, Next, next_attempt, shall_go_on
from procession.supervisor.acting import go_on, keep_suspended, process_of, process_once_started, wait_until
from procession.supervisor.acts import Act, begin_act
from procession.supervisor.preserving import how_to_ask

if TYPE_CHECKING:
    from builtins import list as List  # noqa: N812 - the class has a verb of that name

    from procession.model.checkpoint import Checkpoint, SaveReport
    from procession.model.view import TaskView
    from procession.supervisor.conductor import Conductor
    from procession.supervisor.entry import Entry
    from procession.supervisor.launcher import RunningProcess


class Pausing:
    """The verbs of a supervisor that let tasks rest, and go on."""

    _conductor: Conductor

    async def checkpoint(self, id: str) -> SaveReport:  # noqa: A002 - the field's own name
        """Have a running task save its work, and say what came of it: saved, refused, or no answer in time.

        Only a task that says how it is asked (``checkpoint``, or a channel) is, and never so that it ends of it.
        Raises: UnknownTask, AlreadyEnded, UsageError: nothing of it runs.
        """
        entry = self._conductor.registry.get(id)
        await process_once_started(entry)
        return await self._conductor.preserver.ask(entry, "user")

    def checkpoints(self, id: str) -> List[Checkpoint]:  # noqa: A002 - the field's own name
        """Give what a task has saved of its work, the newest first. Raises: UnknownTask."""
        return self._conductor.ledger.checkpoints(self._conductor.registry.get(id).id)

    def forget_checkpoints(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Remove what stands on disk, beside the store, of a task that is removed."""
        self._conductor.preserver.forget(id)

    async def suspend(self, id: str, *, release: bool = False, checkpoint: bool = False) -> TaskView:  # noqa: A002
        """Pause the whole tree of a running task; with ``checkpoint`` it is asked to save its work first.

        release: save, end the process, keep the task; `resume` begins the next attempt from the checkpoint.
        Raises: AlreadyEnded, UsageError: nothing of it runs, or it could not go on.
        """
        entry = self._conductor.registry.get(id)
        if release:
            await self._release(entry, rests=True)
            return entry.shown()
        if checkpoint and how_to_ask(entry) is not None:
            process_of(entry)
            await self._conductor.preserver.ask(entry, "suspend")
        await keep_suspended(self._conductor, entry)
        return entry.shown()

    async def resume(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Let a suspended task run on, now, or else as soon as there is room: it stays suspended until then.

        One that was released, or is over, goes on in a new attempt, from its newest checkpoint.
        Raises: UsageError: it neither rests nor has anything to go on from.
        """
        entry = self._conductor.registry.get(id)
        if entry.is_resting or (entry.view.is_over and self._shall_go_on(entry)):
            self._conductor.ledger.check_writable()
            self._go_on_anew(entry)
        else:
            await go_on(self._conductor, entry)
        return entry.shown()

    async def suspend_for_reboot(self) -> None:
        """Have all that can go on later save and end; suspend the rest. What was ended goes on when tasks may start."""
        running = [each for each in self._conductor.registry if each.view.state is State.RUNNING]
        await asyncio.gather(*(self._set_aside(each) for each in running), return_exceptions=True)

    def _go_on_anew(self, entry: Entry) -> None:
        if not entry.view.is_over:
            entry.is_resting = False
            self._conductor.gate.explain(entry, "waiting: resumed by hand")
            self._conductor.settle(entry)
            return
        if entry.view.ok:
            hint = "`procession retry` begins it anew"
            raise UsageError(f"task {entry.id} has succeeded: there is nothing to go on with", hint=hint, task=entry.id)
        following = self._next(entry)
        if not isinstance(following, GoOn):
            hint = "`procession retry` begins it anew"
            raise UsageError(f"task {entry.id} cannot go on: {following.reason}", hint=hint, task=entry.id)
        self._conductor.reopen(entry, resumes=following.checkpoint.number, argv=following.argv)

    def _shall_go_on(self, entry: Entry) -> bool:
        return shall_go_on(entry.task, self.checkpoints(entry.id))

    def _next(self, entry: Entry) -> Next:
        return next_attempt(entry.task, self.checkpoints(entry.id), entry.view.attempt + 1)

    async def _set_aside(self, entry: Entry) -> None:
        if self._shall_go_on(entry):
            try:
                await self._release(entry, rests=False)
            except UsageError:
                pass
            else:
                return
        await keep_suspended(self._conductor, entry)

    async def _release(self, entry: Entry, *, rests: bool) -> None:
        process = process_of(entry)
        if how_to_ask(entry) is not None and entry.view.state is State.RUNNING:
            await self._conductor.preserver.ask(entry, "suspend")
        following = self._next(entry)
        if not isinstance(following, GoOn):
            hint = "`procession suspend` without --release keeps its processes"
            raise UsageError(f"task {entry.id} could not go on: {following.reason}", hint=hint, task=entry.id)
        entry.is_releasing, entry.is_resting = True, rests
        begin_act(entry, lambda _: process.terminate(by="suspend"))
        await wait_until(self._conductor, entry, lambda: not entry.is_releasing or entry.view.is_over)
        last = self._next(entry)  # it may have saved once more when it was to end
        if rests and entry.view.state is State.QUEUED and isinstance(last, GoOn):
            place = f"checkpoint {last.checkpoint.number}"
            self._conductor.gate.explain(entry, f"released: it goes on from {place} once it is resumed")


def saving_and_ending(conductor: Conductor, entry: Entry, by: str, grace_s: float | None) -> Act:
    """Give what ends a task politely; one that runs, and wants that, saves its work before."""
    how = entry.task.checkpoint
    is_asked = how is not None and how.before_stop and entry.view.state is State.RUNNING

    async def end(process: RunningProcess) -> None:
        if is_asked:
            await conductor.preserver.ask(entry, "stop")
        await process.terminate(grace_s=grace_s, by=by)

    return end
