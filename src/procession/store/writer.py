"""Writing: gathered in memory, on disk in one transaction, all or nothing.

A commit that fails takes nothing away: the same rows are written by a later one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from procession.errors import InvalidTask, StoreUnavailable
from procession.model.checkpoint import newest
from procession.store.codec import SAMPLE, encode_event
from procession.store.failure import unavailable
from procession.store.pending import Pending
from procession.store.rows import Row, attempt_row, checkpoint_row, standing_row, task_row

if TYPE_CHECKING:
    from procession.model.checkpoint import Checkpoint
    from procession.model.event import Event
    from procession.model.record import AttemptRecord, TaskRecord
    from procession.model.task import Task
    from procession.model.usage import TreeUsage
    from procession.store.contexts import Contexts
    from procession.store.reader import Marks

REPLIES_KEPT: Final = 10_000
"""Answers to requests that are remembered: nobody asks again after so many others."""

FOOTPRINTS_KEPT: Final = 2_000
"""So many keys are remembered, those that were used last."""

Listener = Callable[[list[tuple[int, bytes]]], None]


class Writer:
    """The one writer of a store. ``failure`` says why the last commit did not happen."""

    def __init__(self, path: str, connection: sqlite3.Connection, contexts: Contexts, marks: Marks) -> None:
        self.on_commit: Listener | None = None
        self.failure: str | None = None
        self.marks = marks
        self._path = path
        self._connection = connection
        self._contexts = contexts
        self._pending = Pending()
        self._numbers: dict[str, int] = {}
        self._specs: dict[int, Task] = {}

    @property
    def has_uncommitted(self) -> bool:
        """Whether anything waits for a commit."""
        return bool(self._pending)

    def add_task(self, record: TaskRecord, *, is_new: bool = False) -> None:
        """Note a new task. Raises: InvalidTask: its id or number is taken."""
        # An id that is taken would make every later commit fail.
        if record.id in self._numbers or (not is_new and self._is_on_disk(record)):
            raise InvalidTask("id", f"is taken: {record.id!r}")
        self._pending.new_tasks[record.number] = self._task_row(record)
        self._pending.new_standings[record.number] = standing_row(record)
        self._numbers[record.id] = record.number
        self.marks.number = max(self.marks.number, record.number)

    def put_task(self, record: TaskRecord) -> None:
        """Note how a known task stands now."""
        pending, number = self._pending, record.number
        is_new = number in pending.new_tasks
        if self._specs.get(number) is not record.task:
            (pending.new_tasks if is_new else pending.tasks)[number] = self._task_row(record)
        (pending.new_standings if is_new else pending.standings)[number] = standing_row(record)
        if record.view.is_over:
            self._specs.pop(number, None)

    def add_event(self, event: Event) -> int:
        """Note a fact, and give the number it will have."""
        body = encode_event(event)
        self.marks.seq = seq = self.marks.seq + 1
        self._pending.events.append((seq, event.task, body))
        return seq

    def put_attempt(self, record: AttemptRecord) -> None:
        """Note how far an attempt has come."""
        self._pending.attempts[record.key] = attempt_row(record)
        self.marks.key = max(self.marks.key, record.key)

    def add_sample(self, task: str, sample: TreeUsage) -> None:
        """Note what a task uses."""
        self._pending.samples.append((task, sample.at, SAMPLE.encode(sample)))

    def replace_samples(self, task: str, until: float, samples: Iterable[TreeUsage]) -> None:
        """Note what shall stand in the place of all samples of a task up to a time."""
        self._pending.replaced.append((task, until))
        for each in samples:
            self.add_sample(task, each)

    def put_footprint(self, key: str, at: float, body: bytes) -> None:
        """Note what was learned of a key."""
        self._pending.footprints[key] = (key, at, body)

    def put_checkpoint(self, checkpoint: Checkpoint, keep: int) -> None:
        """Note what a task saved; of many that wait for a commit only those that would be kept."""
        self._pending.checkpoints_kept[checkpoint.task] = keep
        noted = self._pending.checkpoints.setdefault(checkpoint.task, {})
        noted[checkpoint.number] = checkpoint
        while len(noted) > keep:
            del noted[min(noted)]

    def with_noted_checkpoints(self, task: str, on_disk: list[Checkpoint]) -> list[Checkpoint]:
        """Give those on disk as they will be, with what was noted and not written yet."""
        noted = self._pending.checkpoints.get(task)
        return newest([*on_disk, *noted.values()], self._pending.checkpoints_kept[task]) if noted else on_disk

    def note_reply(self, request: bytes, reply: bytes) -> None:
        """Note what a request was answered."""
        self._pending.replies[request] = reply

    def forget_reply(self, request: bytes) -> None:
        """Take back an answer that was noted and not written yet."""
        self._pending.replies.pop(request, None)

    def find_reply(self, request: bytes) -> bytes | None:
        """Give an answer that was noted and not written yet."""
        return self._pending.replies.get(request)

    def forget_task(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Note that a task and all that belongs to it shall go."""
        number = self._numbers.pop(id, None)
        self._specs.pop(number or 0, None)
        self._pending.drop(id, number if number is not None else self._number_on_disk(id))
        self._pending.forgotten[id] = self.marks.seq

    def is_forgotten(self, id: str) -> bool:  # noqa: A002 - the field's own name
        """Whether what is on disk of a task is to go."""
        return id in self._pending.forgotten

    def is_settled(self, id: str, number: int) -> bool:  # noqa: A002 - the field's own name
        """Whether what is on disk about a task is the last that was noted: it may just be retried, or forgotten."""
        pending = self._pending
        return number not in pending.standings and id not in pending.forgotten

    def commit(self) -> None:
        """Write everything noted since the last one. Raises: StoreUnavailable: then it is all still noted."""
        pending = self._pending
        if not pending:
            return
        try:
            self._write(pending)
        except sqlite3.Error as error:
            self._undo()
            raise self._failed(error) from error
        except BaseException:
            self._undo()
            raise
        self.failure = None
        self._pending = Pending()
        self._numbers.clear()
        if self.on_commit is not None and pending.events:
            self.on_commit([(seq, body) for seq, _, body in pending.events])

    def _write(self, pending: Pending) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        if pending.forgotten:
            self._forget(pending.forgotten)
        for statement, rows in _statements(pending):
            if rows:
                self._connection.executemany(statement, rows)
        if pending.forgotten:
            self._forget_what_is_left(pending.forgotten)
        if pending.replies:
            execute(_TRIM_REPLIES, (REPLIES_KEPT,))
        if pending.checkpoints:
            self._connection.executemany(_TRIM_CHECKPOINTS, pending.checkpoints_kept.items())
        if pending.footprints:
            execute(_TRIM_FOOTPRINTS, (FOOTPRINTS_KEPT,))
        execute("COMMIT")

    def _forget(self, forgotten: dict[str, int]) -> None:
        ids = [(each,) for each in forgotten]
        for statement in _FORGET:
            self._connection.executemany(statement, ids)

    def _forget_what_is_left(self, forgotten: dict[str, int]) -> None:
        self._connection.executemany("DELETE FROM event WHERE task = ? AND seq <= ?", forgotten.items())
        self._connection.execute(_FORGET_CONTEXTS)
        marks = vars(self.marks).items()
        self._connection.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", marks)

    def _undo(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # after an error of the disk SQLite has rolled back by itself

    def _failed(self, error: sqlite3.Error) -> StoreUnavailable:
        failed = unavailable(self._path, error)
        self.failure = failed.reason
        return failed

    def _task_row(self, record: TaskRecord) -> Row:
        digest = None
        if record.context is not None:
            digest, body = self._contexts.encode(record.context)
            self._pending.contexts[digest] = body
        self._specs[record.number] = record.task
        return task_row(record, digest)

    def _is_on_disk(self, record: TaskRecord) -> bool:
        if record.id in self._pending.forgotten:
            return False
        question = "SELECT 1 FROM task WHERE id = ? OR number = ?"
        return bool(self._ask(question, (record.id, record.number)))

    def _number_on_disk(self, id: str) -> int | None:  # noqa: A002 - the field's own name
        found = self._ask("SELECT number FROM task WHERE id = ?", (id,))
        return found[0] if found else None

    def _ask(self, question: str, values: Row) -> Row | None:
        try:
            answer: Row | None = self._connection.execute(question, values).fetchone()
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error
        return answer


def _statements(pending: Pending) -> Iterable[tuple[str, Iterable[Row]]]:
    yield "INSERT OR IGNORE INTO context VALUES (?, ?)", pending.contexts.items()
    yield "INSERT INTO task VALUES (?, ?, ?, ?, ?, ?)", pending.new_tasks.values()
    yield "INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", pending.new_standings.values()
    yield _CHANGE_TASK, pending.tasks.values()
    yield _CHANGE_STANDING, pending.standings.values()
    yield "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?)", pending.attempts.values()
    yield "DELETE FROM sample WHERE task = ? AND at <= ?", pending.replaced
    yield "INSERT OR REPLACE INTO sample VALUES (?, ?, ?)", pending.samples
    yield "INSERT INTO event VALUES (?, ?, ?)", pending.events
    yield "INSERT OR REPLACE INTO footprint VALUES (?, ?, ?)", pending.footprints.values()
    checkpoints = [checkpoint_row(each) for noted in pending.checkpoints.values() for each in noted.values()]
    yield "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?)", checkpoints
    yield "INSERT OR REPLACE INTO reply (request, body) VALUES (?, ?)", pending.replies.items()


_CHANGE_TASK: Final = "UPDATE task SET id = ?2, command = ?3, argv = ?4, spec = ?5, context = ?6 WHERE number = ?1"
_CHANGE_STANDING: Final = (
    "UPDATE standing SET state = ?2, group_name = ?3, attempt = ?4, pid = ?5, started_at = ?6, ended_at = ?7,"
    " word = ?8, view = ?9, care = ?10 WHERE number = ?1"
)
_FORGET: Final = (
    "DELETE FROM standing WHERE number = (SELECT number FROM task WHERE id = ?)",
    "DELETE FROM task WHERE id = ?",
    "DELETE FROM attempt WHERE task = ?",
    "DELETE FROM sample WHERE task = ?",
    "DELETE FROM checkpoint WHERE task = ?",
)
_FORGET_CONTEXTS: Final = (
    "DELETE FROM context WHERE NOT EXISTS (SELECT 1 FROM task WHERE task.context = context.digest)"
)
_TRIM_CHECKPOINTS: Final = (
    "DELETE FROM checkpoint WHERE task = ?1 AND number <="
    " (SELECT number FROM checkpoint WHERE task = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)"
)
_TRIM_FOOTPRINTS: Final = (
    "DELETE FROM footprint WHERE key IN (SELECT key FROM footprint ORDER BY at DESC LIMIT -1 OFFSET ?)"
)
_TRIM_REPLIES: Final = "DELETE FROM reply WHERE number <= (SELECT max(number) FROM reply) - ?"
