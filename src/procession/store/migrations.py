"""Older files become what ``schema`` says, one form after the other, all in one transaction or not at all.

An old form stands here as it was; it does not change when today's tables do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from procession.store.codec import encode_at_length, encode_text
from procession.store.schema import VERSION

if TYPE_CHECKING:
    import sqlite3


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a file of form ``version`` to today's. Raises: sqlite3.Error: then it is as it was."""
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in range(version, VERSION):
            _STEPS[step](connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _apart(connection: sqlite3.Connection) -> None:
    """Form 1 had one row per task. What changes of it goes to a table of its own, with group, and is counted."""
    for statement in _FORM_2:
        connection.execute(statement)
    for number, state, view, care in connection.execute("SELECT number, state, view, care FROM task ORDER BY number"):
        command, argv, row = _split(view)
        connection.execute("UPDATE task SET command = ?, argv = ? WHERE number = ?", (command, argv, number))
        connection.execute("INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (number, state, *row, care))
    for column in ("state", "view", "care"):
        connection.execute(f"ALTER TABLE task DROP COLUMN {column}")


def _split(body: bytes) -> tuple[Any, bytes, tuple[Any, ...]]:
    """Take a view apart. One that cannot be read stays as it is, and whoever reads it next tells of it."""
    try:
        view = json.loads(body)
        command, argv = view.pop("command"), view.pop("argv")
        columns = [view.get(each) for each in ("group", "attempt", "pid", "started_at", "ended_at")]
        outcome = view.get("outcome")
        word = encode_text(outcome["kind"] if outcome else view.get("waiting"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", b"[]", (None, None, None, None, None, None, body)
    shown = view | {"command": "", "argv": []}
    return encode_text(command), encode_at_length(argv), (*columns, word, encode_at_length(shown))


_FORM_2: Final = (
    "ALTER TABLE task ADD COLUMN command TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE task ADD COLUMN argv BLOB NOT NULL DEFAULT '[]'",
    "CREATE INDEX task_context ON task (context) WHERE context IS NOT NULL",
    (
        "CREATE TABLE standing ("
        " number INTEGER PRIMARY KEY, state TEXT NOT NULL, group_name TEXT, attempt INTEGER, pid INTEGER,"
        " started_at REAL, ended_at REAL, word TEXT, view BLOB NOT NULL, care BLOB NOT NULL)"
    ),
    "CREATE INDEX standing_state ON standing (state)",
    "CREATE INDEX standing_group ON standing (group_name) WHERE group_name IS NOT NULL",
    "CREATE TABLE tally (state TEXT PRIMARY KEY, tasks INTEGER NOT NULL) WITHOUT ROWID",
    (
        "CREATE TRIGGER standing_came AFTER INSERT ON standing BEGIN"
        " INSERT INTO tally VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET tasks = tasks + 1; END"
    ),
    (
        "CREATE TRIGGER standing_changed AFTER UPDATE OF state ON standing WHEN old.state <> new.state BEGIN"
        " UPDATE tally SET tasks = tasks - 1 WHERE state = old.state;"
        " INSERT INTO tally VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET tasks = tasks + 1; END"
    ),
    (
        "CREATE TRIGGER standing_went AFTER DELETE ON standing BEGIN"
        " UPDATE tally SET tasks = tasks - 1 WHERE state = old.state; END"
    ),
)


def _samples(connection: sqlite3.Connection) -> None:
    """Form 2 had no samples; and a view had its progress as a number, and the phase beside it."""
    connection.execute(
        "CREATE TABLE sample"
        " (task TEXT NOT NULL, at REAL NOT NULL, body BLOB NOT NULL, PRIMARY KEY (task, at)) WITHOUT ROWID"
    )
    rows = connection.execute(
        "SELECT number, view FROM standing"
        " WHERE instr(view, CAST('\"progress\"' AS BLOB)) OR instr(view, CAST('\"phase\"' AS BLOB))"
    )
    for number, body in rows.fetchall():
        connection.execute("UPDATE standing SET view = ? WHERE number = ?", (_with_progress(body), number))


def _with_progress(body: bytes) -> bytes:
    """Make one value of both. A view that cannot be read stays as it is."""
    try:
        view = json.loads(body)
        fraction, phase = view.pop("progress", None), view.pop("phase", None)
    except (ValueError, AttributeError):
        return body
    if fraction is not None or phase is not None:
        view["progress"] = {"source": "report", "fraction": fraction, "phase": phase}
    return encode_at_length(view)


def _footprints(connection: sqlite3.Connection) -> None:
    """Form 3 had learned nothing."""
    connection.execute(
        "CREATE TABLE footprint (key TEXT PRIMARY KEY, at REAL NOT NULL, body BLOB NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX footprint_at ON footprint (at)")


def _checkpoints(connection: sqlite3.Connection) -> None:
    """Form 4 knew the last checkpoint of an attempt as a text of its view, and no others."""
    connection.execute(
        "CREATE TABLE checkpoint"
        " (task TEXT, number INTEGER, at REAL, body BLOB, PRIMARY KEY (task, number)) WITHOUT ROWID"
    )


_STEPS: Final[dict[int, Callable[[sqlite3.Connection], None]]] = {
    1: _apart,
    2: _samples,
    3: _footprints,
    4: _checkpoints,
}
