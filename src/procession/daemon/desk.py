"""The desk of the daemon: the verbs of its supervisor, and what its store and its keeper know beside.

Thin: every verb is somebody else's. Not here: how requests come (``api``).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from procession.api.desk import Committed, Scope
from procession.daemon.checks import check_guarantees
from procession.daemon.housekeeping import Housekeeping
from procession.daemon.paths import Paths
from procession.errors import StdioUnavailable, StoreUnavailable
from procession.model.cleaning import Cleaned
from procession.model.context import Context
from procession.model.details import TaskDetails
from procession.model.finding import Finding
from procession.model.selection import Selection, is_glob, select
from procession.model.state import State
from procession.model.status import Parting, Status
from procession.model.stdio import Log
from procession.model.table_row import Cell, condition, duration_s
from procession.model.task import Task
from procession.model.usage import UsageHistory
from procession.model.view import TaskView
from procession.process.wiring import NOTE_SUFFIX
from procession.store.listing import TaskRow
from procession.supervisor.custody import Custody
from procession.supervisor.log_shelf import LogShelf
from procession.supervisor.supervisor import Supervisor
from procession.version import VERSION

Found = TypeVar("Found")

SHOWN_LIMIT: Final = 1000
"""How many ended tasks a list shows that asks for no number: reading a hundred thousand would hold up everybody."""


class DaemonDesk:
    """Fills the port of the API. Its parts are assembled elsewhere (`procession.daemon.parts`)."""

    def __init__(self, paths: Paths, supervisor: Supervisor, custody: Custody, shelf: LogShelf) -> None:
        self._paths = paths
        self._supervisor = supervisor
        self._custody = custody
        self._shelf = shelf
        self._store = custody.ledger.store
        self._started_at = time.time()
        self._listeners: list[Callable[[Committed], object]] = []
        self._submitted: list[str] = []
        self._noted: str | None = None
        self._store.on_commit = self._tell_committed
        self.housekeeping = Housekeeping(supervisor, custody.ledger, shelf)
        self.get, self.retry = supervisor.get, supervisor.retry
        self.stop, self.kill = supervisor.stop, supervisor.kill
        self.suspend, self.resume = supervisor.suspend, supervisor.resume
        self.checkpoint, self.checkpoints = supervisor.checkpoint, supervisor.checkpoints
        self.suspend_for_reboot = supervisor.suspend_for_reboot
        self.send, self.request = supervisor.send, supervisor.request
        self.wait, self.wait_ready, self.edit = supervisor.wait, supervisor.wait_ready, supervisor.edit
        self.subscribe, self.why = supervisor.subscribe, supervisor.why
        self.find_reply = self._store.find_reply
        self.event_bounds = self._store.event_bounds

    # --- look ---------------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Say how the daemon does."""
        return Status(
            state=self._state(),
            pid=os.getpid(),
            keeper_pid=self._custody.keeper.pid,
            version=VERSION,
            started_at=self._started_at,
            counts=self._store.counts(),
            home=self._paths.home,
            last_event=self._store.event_bounds()[1],
        )

    def find(self, selection: Selection, *, states: Iterable[State] = (), limit: int | None = None) -> list[TaskView]:
        """Show what is selected: as the store has it, and what is under way as it is now."""
        stored = self._store.views(**_wanted(selection, states, limit))
        now = {view.id: view for view in self._supervisor.list()}
        views = [now.get(view.id, view) for view in stored]
        wanted = set(states)
        chosen = select(selection, views)
        return _newest([view for view in chosen if view.state in wanted] if wanted else chosen, limit)

    def table_rows(
        self, selection: Selection, *, states: Iterable[State] = (), limit: int | None = None
    ) -> Iterable[Sequence[Cell]]:
        """Give the same as lines of a table, without looking into any view."""
        if not selection.all:
            select(selection, self._store.views(**_wanted(selection, (), limit)))
        now = time.time()
        rows = self._store.view_rows(**_wanted(selection, states, limit))
        return [self._cells(row, now) for row in _newest(rows, limit)]

    def details(self, id: str) -> TaskDetails:  # noqa: A002 - the port's
        """Show all that is known of one task."""
        task = self._supervisor.get_task(id)
        with contextlib.suppress(StdioUnavailable):  # who follows the logs of a queued task waits in their folder
            self._shelf.make_room(id, task.command)
        logs = self._shelf.logs(id, task.command)
        bounded = [each for each in (task.command.stdout, task.command.stderr) if isinstance(each, Log)]
        return TaskDetails(
            task=self._supervisor.get(id),
            attempts=tuple(self._store.attempts(id)),
            logs=logs,
            note=bounded[0].path + NOTE_SUFFIX if bounded else None,
        )

    def usage(self, id: str, *, pss: bool = False) -> UsageHistory:  # noqa: A002 - the port's
        """Say what a task used over time."""
        self._supervisor.get_task(id)
        shared = self._supervisor.pss_bytes(id) if pss else None
        return UsageHistory(samples=tuple(self._store.samples(id)), pss_bytes=shared)

    def checks(self) -> list[Finding]:
        """Say which guarantees hold here."""
        return check_guarantees(self._paths, self._custody)

    # --- change -------------------------------------------------------------------------------------------------------

    def submit_all(
        self, tasks: Iterable[Task], *, context: Context | None = None, replace: bool = False, now: bool = False
    ) -> list[str]:
        """Accept all or none; they count as accepted once they are `committed`."""
        ids = self._supervisor.submit_all(tasks, context=context, replace=replace, now=now)
        self._submitted += ids
        return ids

    def remove(self, id: str) -> None:  # noqa: A002 - the port's
        """Forget an ended task, its logs too."""
        self._supervisor.remove(id)

    def drain(self, on: bool) -> None:  # noqa: FBT001 - the port's
        """Start nothing more, or start again."""
        self._supervisor.drain(on=on)

    async def signal(self, id: str, signal: str | int, scope: Scope = "leader") -> TaskView:  # noqa: A002 - the port's
        """Send one signal."""
        return await self._supervisor.signal(id, signal, scope)

    async def write_input(self, id: str, data: bytes, end: bool = False) -> None:  # noqa: A002, FBT001, FBT002
        """Write to the standard input of a task."""
        await self._supervisor.write_input(id, data, end=end)

    async def clean(
        self, *, older_than_s: float | None = None, keep: int | None = None, max_log_bytes: int | None = None
    ) -> Cleaned:
        """Remove ended tasks beyond these bounds."""
        return await self.housekeeping.clean(older_than_s=older_than_s, keep=keep, max_log_bytes=max_log_bytes)

    async def shutdown(self, *, kill: bool) -> Parting:
        """Prepare to end; ``kill`` ends every task, and then the keeper."""
        ended = len(await self._supervisor.stop_all(by="shutdown")) if kill else 0
        kept = sum(not view.is_over for view in self._supervisor.list())
        await self._supervisor.hand_over()
        if not self._supervisor.has_running:
            await self._custody.ledger.commit()
            await self._custody.keeper.shut_down()
        return Parting(kept=kept, ended=ended)

    # --- what is on disk ----------------------------------------------------------------------------------------------

    async def committed(self) -> None:
        """Return when everything recorded until now is on disk. Raises: StoreUnavailable: what was new is withdrawn."""
        submitted, noted = self._submitted, self._noted
        self._submitted, self._noted = [], None
        try:
            await self._supervisor.commit(submitted)
        except StoreUnavailable:
            for id_ in submitted:
                self._shelf.remove(id_)
            if submitted and noted is not None:  # whoever asks again is not to hear that it was accepted
                self._store.forget_reply(noted)
            raise

    def note_reply(self, key: str, reply: bytes) -> None:
        """Keep a reply, in the same transaction as what was recorded in this turn."""
        self._noted = key
        self._custody.ledger.note_reply(key, reply)

    def events_after(self, seq: int, limit: int) -> Committed:
        """Give events that follow ``seq``."""
        return self._store.events(seq, limit=limit)

    def subscribe_committed(self, callback: Callable[[Committed], object]) -> Callable[[], None]:
        """Call back with new events once they are on disk."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def _cells(self, row: TaskRow, now: float) -> tuple[Cell, ...]:
        is_over = row.state == State.ENDED
        view = None if is_over else self._supervisor.glance(row.id)
        duration = duration_s(row.started_at, row.ended_at if is_over else now)
        return (*row[:6], duration, *row[6:], *condition(view))

    def _tell_committed(self, events: Committed) -> None:
        for listener in tuple(self._listeners):
            listener(events)

    def _state(self) -> Any:
        if self._custody.ledger.failure is not None:
            return "store_failing"
        return "draining" if self._supervisor.is_draining else "running"


def _wanted(selection: Selection, states: Iterable[State], limit: int | None) -> dict[str, Any]:
    """Say it in the words of the store."""
    words = () if selection.all else selection.words
    return {
        "ids": None if selection.all else [word for word in words if not is_glob(word)],
        "globs": None if selection.all else [word for word in words if is_glob(word)],
        "groups": None if selection.all else selection.groups,
        "states": tuple(states) or None,
        "limit": SHOWN_LIMIT if limit is None and selection.all else limit,
    }


def _newest(found: list[Found], limit: int | None) -> list[Found]:
    """Keep the last ``limit``: the store has counted only those that are over."""
    return found if limit is None else found[max(len(found) - limit, 0) :]
