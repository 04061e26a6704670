"""The tables as they are today, as SQL. How older files come to them: ``migrations``.

What does not change about a task once it was accepted stands apart from what does, so that a change of state writes
few bytes, however long the command is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID: Final = 0x50524F43
"""Stands in the header of each of our files, and of nobody else's: "PROC"."""
VERSION: Final = 5

STANDING: Final = (
    (
        "CREATE TABLE standing ("
        " number INTEGER PRIMARY KEY, state TEXT NOT NULL, group_name TEXT, attempt INTEGER, pid INTEGER,"
        " started_at REAL, ended_at REAL, word TEXT, view BLOB NOT NULL, care BLOB NOT NULL)"
    ),
    "CREATE INDEX standing_state ON standing (state)",
    "CREATE INDEX standing_group ON standing (group_name) WHERE group_name IS NOT NULL",
)
"""Where each task stands. The columns before ``view`` are derived from it, for indexes and tables."""

TALLY: Final = (
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
"""How many tasks there are in each state, kept by the database itself: counting a hundred thousand takes too long."""

TASK: Final = (
    (
        "CREATE TABLE task ("
        " number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, command TEXT NOT NULL, argv BLOB NOT NULL,"
        " spec BLOB NOT NULL, context BLOB)"
    ),
    "CREATE INDEX task_context ON task (context) WHERE context IS NOT NULL",
)

SAMPLE: Final = (
    (
        "CREATE TABLE sample"
        " (task TEXT NOT NULL, at REAL NOT NULL, body BLOB NOT NULL, PRIMARY KEY (task, at)) WITHOUT ROWID"
    ),
)
"""What each task used, over time: recent samples exactly, older ones thinned out."""

FOOTPRINT: Final = (
    "CREATE TABLE footprint (key TEXT PRIMARY KEY, at REAL NOT NULL, body BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX footprint_at ON footprint (at)",
)
"""What commands took in earlier runs, by the key under which they are learned; the oldest go."""

CHECKPOINT: Final = (
    (
        "CREATE TABLE checkpoint"
        " (task TEXT, number INTEGER, at REAL, body BLOB, PRIMARY KEY (task, number)) WITHOUT ROWID"
    ),
)
"""What each task saved of its work: the last few. ``at`` is derived from the body, for people with a shell."""

REST: Final = (
    "CREATE TABLE context (digest BLOB PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE attempt (key INTEGER PRIMARY KEY, task TEXT NOT NULL, phase TEXT NOT NULL, body BLOB NOT NULL)",
    "CREATE INDEX attempt_task ON attempt (task)",
    "CREATE INDEX attempt_not_over ON attempt (key) WHERE phase <> 'over'",
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, task TEXT, body BLOB NOT NULL)",
    "CREATE INDEX event_task ON event (task) WHERE task IS NOT NULL",
    "CREATE TABLE reply (number INTEGER PRIMARY KEY, request BLOB NOT NULL UNIQUE, body BLOB NOT NULL)",
    "CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
)
"""``mark`` keeps the highest number, key and seq ever given, so that removing the newest row frees none."""


def create(connection: sqlite3.Connection) -> None:
    """Make all tables, inside the transaction of the caller."""
    for statement in (*TASK, *STANDING, *TALLY, *SAMPLE, *FOOTPRINT, *CHECKPOINT, *REST):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
