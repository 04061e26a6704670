"""The store: all that must outlive the supervisor, behind one object. One writer; any number of readers.

Synchronous, and used by one thread, the one that opened it; only `checkpoint` may run in another.
It records what it is told and decides nothing. Not here: logs, which are files of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from procession.errors import StoreUnavailable
from procession.model.checkpoint import KEPT
from procession.model.history import thinned
from procession.store.contexts import Contexts
from procession.store.listing import TaskRow, Wanted, list_rows, list_views
from procession.store.opening import open_to_read, open_to_write
from procession.store.reader import Reader
from procession.store.retention import Ended, choose_expired
from procession.store.wal import WriteAheadLog
from procession.store.writer import Writer

if TYPE_CHECKING:
    from procession.model.checkpoint import Checkpoint
    from procession.model.event import Event
    from procession.model.record import AttemptRecord, TaskRecord
    from procession.model.usage import TreeUsage
    from procession.model.view import TaskView


class Store:
    """One file of tasks, attempts, events and replies. Raises: StoreUnavailable: whatever is wrong with the file.

    What is added or put is noted in memory and reaches the disk with `commit`; what is read is what was committed.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        self.path = os.fspath(path)
        self._lock: int | None = None
        if read_only:
            self._connection = open_to_read(self.path)
        else:
            self._connection, self._lock = open_to_write(self.path)
        contexts = Contexts()
        self._reader = Reader(self.path, self._connection, contexts)
        self._wal = WriteAheadLog(self.path)
        try:
            self._writer = Writer(self.path, self._connection, contexts, self._reader.read_marks())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. What was not committed is lost, as in a crash."""
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- writing ------------------------------------------------------------------------------------------------------

    def next_number(self) -> int:
        """Give the place of the next task in the order of submission."""
        self._writer.marks.number += 1
        return self._writer.marks.number

    def next_key(self) -> int:
        """Give the key of the next attempt. Commit the attempt before anybody else hears of the key."""
        self._writer.marks.key += 1
        return self._writer.marks.key

    def add_task(self, record: TaskRecord, *, is_new: bool = False) -> None:
        """Note a new task, one whose id and number were never given, if ``is_new``: then nobody looks for them.

        Raises: InvalidTask: its id or number is taken.
        """
        self._writer.add_task(record, is_new=is_new)

    def put_task(self, record: TaskRecord) -> None:
        """Note how a known task stands now. Only the last of each task before a commit is written."""
        self._writer.put_task(record)

    def forget_task(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Note that a task shall go, with its attempts and events."""
        self._writer.forget_task(id)

    def put_attempt(self, record: AttemptRecord) -> None:
        """Note how far an attempt has come."""
        self._writer.put_attempt(record)

    def add_sample(self, task: str, sample: TreeUsage) -> None:
        """Note what a task uses at a moment."""
        self._writer.add_sample(task, sample)

    def put_footprint(self, key: str, at: float, body: bytes) -> None:
        """Note what was learned of the tasks of one key, at ``at`` (seconds since the epoch)."""
        self._writer.put_footprint(key, at, body)

    def put_checkpoint(self, checkpoint: Checkpoint, keep: int = KEPT) -> None:
        """Note what a task saved of its work; the newest ``keep`` of this task stay."""
        self._writer.put_checkpoint(checkpoint, keep)

    def thin_samples(self, task: str, now: float) -> None:
        """Note that the old samples of a task shall become fewer (`procession.model.history`)."""
        samples = self._reader.samples(task)
        kept = thinned(samples, now)
        if len(kept) < len(samples):
            self._writer.replace_samples(task, samples[-1].at, kept)

    def add_event(self, event: Event) -> int:
        """Note a fact, and give its seq: without gaps, and never given to another."""
        return self._writer.add_event(event)

    def note_reply(self, request_id: str, reply: bytes) -> None:
        """Note what a request was answered, so that the same one is not carried out again."""
        self._writer.note_reply(_request(request_id), reply)

    def forget_reply(self, request_id: str) -> None:
        """Take back an answer that was noted and not committed."""
        self._writer.forget_reply(_request(request_id))

    def commit(self) -> None:
        """Bring all that was noted to disk, or nothing. Raises: StoreUnavailable: then all of it is still noted."""
        if self._lock is None and self.has_uncommitted:
            raise StoreUnavailable(self.path, "it was opened for reading only")
        self._writer.commit()

    @property
    def on_commit(self) -> Callable[[list[tuple[int, bytes]]], None] | None:
        """Whom to tell the seqs and JSON of events that have just been committed."""
        return self._writer.on_commit

    @on_commit.setter
    def on_commit(self, listener: Callable[[list[tuple[int, bytes]]], None] | None) -> None:
        self._writer.on_commit = listener

    @property
    def has_uncommitted(self) -> bool:
        """Whether anything waits for a commit."""
        return self._writer.has_uncommitted

    @property
    def is_failing(self) -> bool:
        """Whether the last commit failed."""
        return self._writer.failure is not None

    @property
    def failure(self) -> str | None:
        """Say why the last commit failed; None when it did not."""
        return self._writer.failure

    @property
    def needs_checkpoint(self) -> bool:
        """Whether `checkpoint` is due."""
        return self._wal.needs_checkpoint

    def checkpoint(self) -> None:
        """Tidy up the file, with all the waiting for the disk; to be run in a thread. Raises: StoreUnavailable.

        What tasks save of their work has the same name, and is `checkpoints`.
        """
        self._wal.checkpoint()

    # --- reading ------------------------------------------------------------------------------------------------------

    @property
    def damaged(self) -> list[str]:
        """A sentence for each row met so far that could not be believed, and was left out."""
        return list(self._reader.damage)

    def unfinished(self) -> list[TaskRecord]:
        """Give all tasks that have not ended, in order of submission."""
        return self._reader.unfinished()

    def attempts_not_over(self) -> list[AttemptRecord]:
        """Give the attempts that may still run, or that ended while nobody looked."""
        return self._reader.attempts_not_over()

    def find(self, id: str) -> TaskRecord | None:  # noqa: A002 - the field's own name
        """Give one task, or None."""
        return self._reader.find(id)

    def attempts(self, id: str) -> list[AttemptRecord]:  # noqa: A002 - the field's own name
        """Give all attempts of a task, the first one first."""
        return self._reader.attempts(id)

    def footprints(self) -> dict[str, bytes]:
        """Give what was learned, by key."""
        return self._reader.footprints()

    def samples(self, id: str) -> list[TreeUsage]:  # noqa: A002 - the field's own name
        """Give what a task used over time, the oldest sample first."""
        return self._reader.samples(id)

    def checkpoints(self, id: str) -> list[Checkpoint]:  # noqa: A002 - the field's own name
        """Give what a task saved, the newest first; also what is not on disk yet: its numbers are taken."""
        on_disk = [] if self._writer.is_forgotten(id) else self._reader.checkpoints(id)
        return self._writer.with_noted_checkpoints(id, on_disk)

    def latest_checkpoints(self) -> dict[str, Checkpoint]:
        """Give the newest of every task that has any, by its id: of those on disk."""
        return self._reader.latest_checkpoints()

    def find_reply(self, request_id: str) -> bytes | None:
        """Give what a request was answered, or None. It may not be on disk yet: commit before saying it again."""
        request = _request(request_id)
        noted = self._writer.find_reply(request)
        return noted if noted is not None else self._reader.find_reply(request)

    def views(
        self,
        *,
        ids: Collection[str] | None = None,
        globs: Collection[str] | None = None,
        groups: Collection[str] | None = None,
        states: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[TaskView]:
        """Give tasks in order of submission: all that are unfinished, and the newest ``limit`` of the ended.

        Those with any of the ids, patterns or groups, if one of them is given, and in one of the states.
        """
        return list_views(self._reader, Wanted(ids, globs, groups, states, limit))

    def view_rows(
        self,
        *,
        ids: Collection[str] | None = None,
        globs: Collection[str] | None = None,
        groups: Collection[str] | None = None,
        states: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[TaskRow]:
        """Give the same as lines for a table, at half the cost."""
        return list_rows(self._reader, Wanted(ids, globs, groups, states, limit))

    def events(self, after: int, *, tasks: Collection[str] | None = None, limit: int = 1000) -> list[tuple[int, bytes]]:
        """Give the seq and JSON of up to ``limit`` events after the one numbered ``after``."""
        return self._reader.events(after, tasks, limit)

    def event_bounds(self) -> tuple[int, int]:
        """Give the first seq that is there, and the last that ever was. The first is one more when there is none."""
        return self._reader.event_bounds()

    def highest_id(self) -> int:
        """Give the highest number of ids like ``t7``; 0 when there is none."""
        return self._reader.highest_id()

    def counts(self) -> dict[str, int]:
        """Give how many tasks are in each state that has any."""
        return self._reader.counts()

    # --- removing -----------------------------------------------------------------------------------------------------

    def expire(
        self,
        *,
        now: float,
        older_than_s: float | None = None,
        keep: int | None = None,
        max_log_bytes: int | None = None,
        log_sizes: Mapping[str, int] | None = None,
        needed: Collection[str] = (),
        limit: int | None = None,
    ) -> list[str]:
        """Forget ended tasks by `choose_expired`, at most ``limit`` of them; they are gone with the next commit.

        Give their ids. Their logs are yours to remove, after the commit.
        """
        settled = self._writer.is_settled
        ended = [Ended(id, at) for id, number, at in self._reader.ask(_ENDED) if settled(id, number)]  # noqa: A001
        chosen = choose_expired(
            ended,
            now=now,
            older_than_s=older_than_s,
            keep=keep,
            max_log_bytes=max_log_bytes,
            log_sizes=log_sizes,
            needed=needed,
        )[:limit]
        for each in chosen:
            self.forget_task(each)
        return chosen


_ENDED = (
    "SELECT id, number, coalesce(ended_at, 0) FROM standing JOIN task USING (number)"
    " WHERE state = 'ended' ORDER BY number"
)


def _request(request_id: str) -> bytes:
    return request_id.encode("utf-8", "surrogatepass")
