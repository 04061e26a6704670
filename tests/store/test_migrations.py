"""Older files are brought up to date with all that is in them, or stay as they were."""

import sqlite3
from hashlib import sha256

import msgspec
import pytest

from procession.errors import StoreUnavailable
from procession.model.command import Command
from procession.model.context import Context
from procession.model.record import Phase
from procession.model.state import State
from procession.store.codec import CONTEXT
from procession.store.schema import APPLICATION_ID
from procession.store.store import Store

FORM_1 = f"""
CREATE TABLE task (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, spec BLOB NOT NULL,
 view BLOB NOT NULL, care BLOB NOT NULL, context BLOB);
CREATE TABLE context (digest BLOB PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE attempt (key INTEGER PRIMARY KEY, task TEXT NOT NULL, phase TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX attempt_task ON attempt (task);
CREATE INDEX attempt_not_over ON attempt (key) WHERE phase <> 'over';
CREATE TABLE event (seq INTEGER PRIMARY KEY, task TEXT, body BLOB NOT NULL);
CREATE INDEX event_task ON event (task) WHERE task IS NOT NULL;
CREATE TABLE reply (number INTEGER PRIMARY KEY, request BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
"""


@pytest.fixture
def old(path, make_record, make_attempt, make_event):
    """A file of form 1 with three tasks, as SQL alone makes it; gives what is in it."""
    connection = sqlite3.connect(path)
    connection.executescript(FORM_1)
    context = Context(env={"A": "1"})
    body = CONTEXT.encode(context)
    digest = sha256(body).digest()
    records = [
        make_record(1, State.ENDED, group="g"),
        make_record(2, State.RUNNING, context=context),
        make_record(5, name="u", command=Command(argv=("echo", "ü"))),
    ]
    connection.execute("INSERT INTO context VALUES (?, ?)", (digest, body))
    for record in records:
        values = (msgspec.json.encode(each) for each in (record.task, record.view, record.care))
        row = (record.number, record.id, record.view.state, *values, digest if record.context else None)
        connection.execute("INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    attempt = make_attempt(8, "t2", Phase.STARTED)
    connection.execute("INSERT INTO attempt VALUES (8, 't2', 'started', ?)", (msgspec.json.encode(attempt),))
    connection.execute("INSERT INTO event VALUES (7, 't2', ?)", (msgspec.json.encode(make_event("t2")),))
    connection.execute("INSERT INTO reply (request, body) VALUES (?, ?)", (b"key", b"done"))
    connection.execute("INSERT INTO mark VALUES ('number', 9)")
    connection.commit()
    connection.close()
    return records, attempt


def test_all_of_an_old_file_is_there(path, old, make_event):
    """A file of form 1 opens as one of today, with every task, attempt, event, reply and mark."""
    records, attempt = old
    for _ in range(2):
        with Store(path) as store:
            assert [store.find(record.id) for record in records] == records
            assert store.unfinished() == records[1:]
            assert store.attempts_not_over() == [attempt]
            assert [seq for seq, _ in store.events(0)] == [7]
            assert store.find_reply("key") == b"done"
            assert store.counts() == {"ended": 1, "queued": 1, "running": 1}
            assert [view.id for view in store.views(groups=["g"])] == ["t1"]
            assert [row.word for row in store.view_rows()] == ["failed", None, None]
            assert (store.next_number(), store.next_key(), store.add_event(make_event())) == (10, 9, 8)
            assert store.damaged == []


def test_an_old_file_becomes_what_a_new_one_is(path, old, tmp_path):
    """After a migration there are the same tables, columns, indexes and triggers as in a new file."""
    Store(path).close()
    Store(tmp_path / "new.db").close()

    assert shape(path) == shape(tmp_path / "new.db")


def test_a_row_that_cannot_be_read_does_not_stop_it(path, old):
    """A task that was damaged before is damaged afterwards; the others are there."""
    change(path, "UPDATE task SET view = x'00' WHERE number = 1")
    with Store(path) as store:
        assert [view.id for view in store.views()] == ["t2", "u"]
        assert len(store.damaged) == 1


def test_a_migration_that_fails_changes_nothing(path, old):
    """When a step fails, the file is what it was, and opens once the obstacle has gone."""
    change(path, "CREATE TABLE tally (in_the_way)")
    before = content(path)
    with pytest.raises(StoreUnavailable, match="tally already exists"):
        Store(path)

    assert content(path) == before

    change(path, "DROP TABLE tally")
    with Store(path) as store:
        assert len(store.views()) == 3


def test_a_file_of_tomorrow(path):
    """A file of a newer form is refused with a sentence, and not changed."""
    Store(path).close()
    change(path, "PRAGMA user_version = 99")
    before = content(path)
    with pytest.raises(StoreUnavailable, match=r"a newer version of procession wrote it \(form 99;"):
        Store(path)
    with pytest.raises(StoreUnavailable, match="newer version"):
        Store(path, read_only=True)

    assert content(path) == before


def test_a_reader_does_not_migrate(path, old):
    """Who only reads says that the file is of an older form, and leaves it so."""
    before = content(path)
    with pytest.raises(StoreUnavailable, match="older form"):
        Store(path, read_only=True)

    assert content(path) == before


def change(path, statement: str) -> None:
    """Change the file behind our back."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


def content(path) -> list[str]:
    """Give all that is in the file, as SQL, and its form."""
    connection = sqlite3.connect(path)
    try:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone())]
    finally:
        connection.close()


def shape(path) -> list[object]:
    """Give names of all there is, and of the columns of each table."""
    connection = sqlite3.connect(path)
    try:
        named = connection.execute("SELECT type, name FROM sqlite_master ORDER BY type, name").fetchall()
        tables = [name for kind, name in named if kind == "table"]
        columns = [sorted(row[1] for row in connection.execute(f"PRAGMA table_info({name})")) for name in tables]
        return [*named, *columns]
    finally:
        connection.close()


def test_progress_of_an_old_view_becomes_one_value(path, old):
    """It was a number with a phase beside it."""
    change(
        path,
        "UPDATE task SET view = CAST(json_set(CAST(view AS TEXT), '$.progress', 0.5, '$.phase', 'linking') AS BLOB)"
        " WHERE number = 2",
    )
    with Store(path) as store:
        progress = store.find("t2").view.progress

    assert (progress.fraction, progress.phase, progress.source) == (0.5, "linking", "report")
