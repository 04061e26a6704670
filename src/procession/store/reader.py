"""Reading records, events and replies: what is committed, and nothing half.

Rows that cannot be believed are left out and told in ``damage``. Not here: lists of many tasks (``listing``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from procession.store.codec import SAMPLE
from procession.store.failure import told
from procession.store.rows import Row, attempt_of_row, checkpoint_of_row, record_of_row

if TYPE_CHECKING:
    from procession.model.checkpoint import Checkpoint
    from procession.model.context import Context
    from procession.model.record import AttemptRecord, TaskRecord
    from procession.model.usage import TreeUsage
    from procession.store.contexts import Contexts

Made = TypeVar("Made")


@dataclass
class Marks:
    """The highest number, attempt key and seq ever given."""

    number: int = 0
    key: int = 0
    seq: int = 0


class Reader:
    """Questions about what is on disk. ``damage`` holds a sentence for each row that was left out, once."""

    def __init__(self, path: str, connection: sqlite3.Connection, contexts: Contexts) -> None:
        self.damage: dict[str, None] = {}
        self._path = path
        self._connection = connection
        self._contexts = contexts

    def read_marks(self) -> Marks:
        """Give the highest ever given: of the rows that are there, and of those that were removed."""
        (row,) = self.ask(MARKS)
        return Marks(*row)

    def unfinished(self) -> list[TaskRecord]:
        """Give all tasks that have not ended, in order of submission."""
        return self._records(UNFINISHED)

    def find(self, id: str) -> TaskRecord | None:  # noqa: A002 - the field's own name
        """Give one task, or None."""
        found = self._records(FIND, (id,)) if id.isascii() else []
        return found[0] if found else None

    def attempts(self, id: str) -> list[AttemptRecord]:  # noqa: A002 - the field's own name
        """Give all attempts of a task, the first one first."""
        return self._attempts(ATTEMPTS, (id,)) if id.isascii() else []

    def attempts_not_over(self) -> list[AttemptRecord]:
        """Give what may still run, or ran when we were gone."""
        return self._attempts(ATTEMPTS_NOT_OVER)

    def footprints(self) -> dict[str, bytes]:
        """Give what was learned, by key."""
        return {str(key): bytes(body) for key, body in self.ask("SELECT key, body FROM footprint", ())}

    def samples(self, task: str) -> list[TreeUsage]:
        """Give what a task used, the oldest sample first."""
        return self.believe(self.ask(SAMPLES, (task,)), lambda row: SAMPLE.decode(row[1]), "sample")

    def checkpoints(self, task: str) -> list[Checkpoint]:
        """Give what a task saved, the newest first."""
        return self.believe(self.ask(CHECKPOINTS, (task,)), checkpoint_of_row, "checkpoint") if task.isascii() else []

    def latest_checkpoints(self) -> dict[str, Checkpoint]:
        """Give the newest of each task that can be believed."""
        latest = {}
        for row in self.ask(LATEST_CHECKPOINTS):
            # Only where the newest is damaged are the others asked for.
            found = self.believe([row], checkpoint_of_row, "checkpoint") or self.checkpoints(str(row[0]))
            if found:
                latest[found[0].task] = found[0]
        return latest

    def find_reply(self, request: bytes) -> bytes | None:
        """Give what a request was answered, or None."""
        found = self.ask("SELECT body FROM reply WHERE request = ?", (request,))
        return found[0][0] if found else None

    def events(self, after: int, tasks: Collection[str] | None, limit: int) -> list[tuple[int, bytes]]:
        """Give up to ``limit`` events after the one numbered ``after``."""
        if tasks is None:
            return self.ask(EVENTS, (after, limit))
        return self.ask(EVENTS_OF, (json.dumps(list(tasks)), after, limit))

    def event_bounds(self) -> tuple[int, int]:
        """Give the first seq that is there and the last that ever was."""
        (row,) = self.ask(EVENT_BOUNDS)
        first, last = row
        return (first if first is not None else last + 1), last

    def counts(self) -> dict[str, int]:
        """Give how many tasks are in each state that has any."""
        return dict(self.ask("SELECT state, tasks FROM tally WHERE tasks > 0 ORDER BY state"))

    def highest_id(self) -> int:
        """Give the highest number of ids that are a ``t`` and a number; one like ``t7a`` counts too: no harm."""
        ((highest,),) = self.ask(HIGHEST_ID)
        return int(highest or 0)

    def ask(self, question: str, values: Row | dict[str, Any] = ()) -> list[Any]:
        """Give all rows at once, so that no statement stays open. Raises: StoreUnavailable."""
        with told(self._path):
            return self._connection.execute(question, values).fetchall()

    def believe(self, rows: Iterable[Row], make: Callable[[Row], Made], say: str) -> list[Made]:
        """Make values of rows; leave out and tell what cannot be. ``say`` names a row by its first column."""
        made = []
        for row in rows:
            try:
                made.append(make(row))
            except (ValueError, TypeError, RecursionError) as error:  # all that decoders and checks raise
                self.damage.setdefault(f"{say} {row[0]!r} was left out: {error}")
        return made

    def _records(self, question: str, values: Row = ()) -> list[TaskRecord]:
        # In one transaction: another process may remove a context between the two questions.
        with told(self._path):
            self._connection.execute("BEGIN")
            try:
                rows = self._connection.execute(question, values).fetchall()
                return self.believe(rows, self._record, "task")
            finally:
                self._connection.execute("COMMIT")

    def _record(self, row: Row) -> TaskRecord:
        return record_of_row(row, None if row[-1] is None else self._context(row[-1]))

    def _context(self, digest: bytes) -> Context:
        known = self._contexts.find(digest)
        if known is not None:
            return known
        found = self._connection.execute("SELECT body FROM context WHERE digest = ?", (digest,)).fetchone()
        if found is None:
            raise ValueError("its circumstances are gone")
        return self._contexts.decode(digest, found[0])

    def _attempts(self, question: str, values: Row = ()) -> list[AttemptRecord]:
        return self.believe(self.ask(question, values), attempt_of_row, "attempt")


_RECORD: Final = (
    "SELECT id, state, command, argv, view, number, spec, care, context FROM standing JOIN task USING (number) "
)
UNFINISHED: Final = (
    _RECORD + "WHERE state IN ('queued', 'starting', 'running', 'suspended', 'stopping') ORDER BY number"
)
FIND: Final = _RECORD + "WHERE id = ?"
HIGHEST_ID: Final = "SELECT max(CAST(substr(id, 2) AS INTEGER)) FROM task WHERE id GLOB 't[1-9]*'"
SAMPLES: Final = "SELECT task, body FROM sample WHERE task = ? ORDER BY at"
CHECKPOINTS: Final = "SELECT task, number, body FROM checkpoint WHERE task = ? ORDER BY number DESC"
# SQLite gives the other columns of the row that has the maximum.
LATEST_CHECKPOINTS: Final = "SELECT task, max(number), body FROM checkpoint GROUP BY task"
ATTEMPTS: Final = "SELECT key, task, body FROM attempt WHERE task = ? ORDER BY key"
ATTEMPTS_NOT_OVER: Final = "SELECT key, task, body FROM attempt WHERE phase <> 'over' ORDER BY key"
EVENTS: Final = "SELECT seq, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?"
# Told which index: by the order wanted, it would walk through all events to find those of a few tasks.
EVENTS_OF: Final = (
    "SELECT seq, body FROM event INDEXED BY event_task"
    " WHERE task IN (SELECT value FROM json_each(?)) AND seq > ? ORDER BY seq LIMIT ?"
)
_EVER: Final = "max(coalesce((SELECT max({0}) FROM {1}), 0), coalesce((SELECT value FROM mark WHERE name = '{0}'), 0))"
MARKS: Final = (
    f"SELECT {_EVER.format('number', 'task')}, {_EVER.format('key', 'attempt')}, {_EVER.format('seq', 'event')}"
)
EVENT_BOUNDS: Final = f"SELECT (SELECT min(seq) FROM event), {_EVER.format('seq', 'event')}"  # noqa: S608 - of constants
