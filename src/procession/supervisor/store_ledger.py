"""The ledger of a supervisor that may crash at any instant: every fact goes to the store, many in one commit.

What was noted in one turn of the event loop is committed at its end, and whoever must not act or answer before that
waits for it. Where many tasks are under way, commits keep a distance, so that each carries the facts of several. While
the store cannot be written (a full disk), facts are kept and the commit is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from procession.errors import StoreUnavailable
from procession.kernel.waiters import wake
from procession.supervisor.entry import Entry

if TYPE_CHECKING:
    from procession.model.checkpoint import Checkpoint
    from procession.model.command import Command
    from procession.model.event import Event
    from procession.model.record import AttemptRecord
    from procession.model.usage import TreeUsage
    from procession.store.store import Store
    from procession.supervisor.log_shelf import LogShelf

logger = logging.getLogger("procession.store")

RETRY_S: Final = 1.0
"""How long a store that cannot be written is left alone before it is tried again."""

CROWD_PER_MS: Final = 16
"""So many tasks under way keep a commit a millisecond behind the one before it: what comes meanwhile goes with it."""

LONGEST_GAP_MS: Final = 4


class StoreLedger:
    """Writes to ``store``; new logs stand on ``shelf``."""

    keeps = True

    def __init__(self, store: Store, shelf: LogShelf) -> None:
        self.store = store
        self._shelf = shelf
        self._after_commit: list[Callable[[], None]] = []
        self._changed: dict[str, Entry] = {}
        self.crowd = 0
        self._committed_at = 0.0
        self._is_due = False
        self._retry: asyncio.TimerHandle | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._tidying: asyncio.Task[None] | None = None
        self.failure: str | None = None

    def after_each_commit(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever something was written: exits may be forgotten then, and what is over dropped."""
        self._after_commit.append(callback)

    def check_writable(self) -> None:
        """Refuse to take anything new while nothing can be written. Raises: StoreUnavailable."""
        if self.failure is not None:
            hint = "what runs goes on, and is written down later; `procession doctor` says more"
            raise StoreUnavailable(self.store.path, self.failure, hint=hint)

    def place(self, id: str, command: Command) -> Command:  # noqa: A002 - the field's own name
        """Send what it would print to us into logs of its own."""
        return self._shelf.place(id, command)

    def make_room(self, id: str, command: Command) -> None:  # noqa: A002 - the field's own name
        """Make what its logs stand in. Raises: StdioUnavailable."""
        self._shelf.make_room(id, command)

    def note(self, event: Event, entry: Entry | None) -> None:
        """Take a fact; it is written at the end of this turn of the loop."""
        self.store.add_event(event)
        if entry is not None:
            self._changed[entry.id] = entry
        self._commit_soon()

    def note_sample(self, task: str, sample: TreeUsage, *, thin: bool = False) -> None:
        """Take what a task uses now; it is lost if it cannot be written for long, as it may be."""
        if self.failure is None:
            self.store.add_sample(task, sample)
            if thin:
                self.store.thin_samples(task, sample.at)
            self._commit_soon()

    def note_footprints(self, learned: Mapping[str, bytes]) -> None:
        """Take what was learned; it is lost if it cannot be written for long, as it may be."""
        if learned and self.failure is None:
            at = time.time()
            for key, body in learned.items():
                self.store.put_footprint(key, at, body)
            self._commit_soon()

    def footprints(self) -> Mapping[str, bytes]:
        """Ask the store."""
        return self.store.footprints()

    def note_checkpoint(self, checkpoint: Checkpoint, keep: int) -> None:
        """Take what a task saved; it is kept until it can be written."""
        self.store.put_checkpoint(checkpoint, keep)
        self._commit_soon()

    def checkpoints(self, task: str) -> list[Checkpoint]:
        """Ask the store."""
        return self.store.checkpoints(task)

    def latest_checkpoints(self) -> Iterable[Checkpoint]:
        """Ask the store."""
        return self.store.latest_checkpoints().values()

    def note_reply(self, request: str, reply: bytes) -> None:
        """Take what a request is answered, together with what it brought about."""
        self.store.note_reply(request, reply)
        self._commit_soon()

    def accept(self, entry: Entry) -> None:
        """Take a new task."""
        self.store.add_task(entry.record(), is_new=entry.task.name is None)  # our ids count on, and are checked
        self._commit_soon()

    def note_attempt(self, record: AttemptRecord) -> None:
        """Take how far an attempt has come."""
        self.store.put_attempt(record)
        self._commit_soon()

    def find(self, id: str) -> Entry | None:  # noqa: A002 - the field's own name
        """Look into the store."""
        record = self.store.find(id)
        return None if record is None else Entry.of(record)

    def forget(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Remove it from the store, and its logs: another one may soon have its name."""
        self._changed.pop(id, None)
        self.store.forget_task(id)
        self._shelf.remove(id)
        self._commit_soon()

    def next_number(self) -> int:
        """Count on from the last one there ever was."""
        return self.store.next_number()

    def highest_id(self) -> int:
        """Ask the store."""
        return self.store.highest_id()

    async def wait_written(self) -> None:
        """Wait for the commit of this turn, or for the one that at last succeeds; what is noted later is not ours."""
        if self._is_due or self.failure is not None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def commit(self) -> None:
        """Commit now. Raises: StoreUnavailable."""
        self._commit()
        self.check_writable()

    async def close(self) -> None:
        """Write what is left; the store stays open."""
        self._commit()
        if self._retry is not None:
            self._retry.cancel()
        if self._tidying is not None:
            await asyncio.wait([self._tidying])

    def _commit_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            if self.failure is None:
                loop = asyncio.get_running_loop()
                gap_s = self._gap_s()
                if gap_s:
                    loop.call_at(self._committed_at + gap_s, self._commit_if_due)
                else:
                    loop.call_soon(self._commit_if_due)

    def _gap_s(self) -> float:
        """Say how far apart commits are now: not at all where few wait, each of them for the one before."""
        return min(self.crowd // CROWD_PER_MS, LONGEST_GAP_MS) / 1000

    def _commit_if_due(self) -> None:
        if self._is_due:
            self._commit()

    def _commit(self) -> None:
        changed, self._changed = self._changed, {}
        for entry in changed.values():
            self.store.put_task(entry.record())
        try:
            self.store.commit()
        except StoreUnavailable as error:
            self._fail(error)
            return
        self._succeed()

    def _succeed(self) -> None:
        self._is_due = False
        self._committed_at = asyncio.get_running_loop().time()
        if self.failure is not None:
            logger.warning("the store can be written again")
            self.failure = None
        for callback in self._after_commit:
            callback()
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            wake(waiter)
        if self.store.needs_checkpoint and self._tidying is None:
            self._tidying = asyncio.create_task(asyncio.to_thread(self.store.checkpoint))
            self._tidying.add_done_callback(self._tidied)

    def _fail(self, error: StoreUnavailable) -> None:
        if self.failure is None:
            logger.error("%s", error)
        self.failure = error.reason
        if self._retry is not None:
            self._retry.cancel()
        self._retry = asyncio.get_running_loop().call_later(RETRY_S, self._commit)

    def _tidied(self, tidying: asyncio.Task[None]) -> None:
        self._tidying = None
        if not tidying.cancelled() and tidying.exception() is not None:
            logger.error("the store cannot be tidied", exc_info=tidying.exception())
