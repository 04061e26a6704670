"""Opening the file: ours alone to write, private, of a form we know; or a sentence that says what is wrong.

Nothing is changed in a file before it is known to be ours.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from typing import Final
from urllib.parse import quote

from procession.errors import StoreUnavailable
from procession.store.failure import unavailable
from procession.store.migrations import migrate
from procession.store.schema import APPLICATION_ID, VERSION, create

LOCK_SUFFIX: Final = ".lock"
BUSY_S: Final = 0.1
"""How long we may stand still because somebody else, a person with a shell, holds the file."""

_SETTINGS: Final = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA wal_autocheckpoint = 0",  # it would happen inside a commit, with all its fsyncs
    "PRAGMA journal_size_limit = 0",  # a log that begins anew gives its room back; `needs_checkpoint` looks at the size
    "PRAGMA temp_store = MEMORY",
)


def open_to_write(path: str) -> tuple[sqlite3.Connection, int]:
    """Open or create ``path``; give the connection and the descriptor of the lock. Raises: StoreUnavailable."""
    lock = _take_lock(path)
    try:
        _make_private(path)
        return _open(path), lock
    except BaseException:
        os.close(lock)
        raise


def open_to_read(path: str) -> sqlite3.Connection:
    """Open ``path`` beside whoever writes it, and change nothing. Raises: StoreUnavailable."""
    connection = _connect(path, f"file:{quote(os.path.abspath(path))}?mode=ro")
    try:
        if _read_version(path, connection) != VERSION:
            raise StoreUnavailable(path, "it has an older form", hint="start the daemon once: it brings it up to date")
        connection.execute("PRAGMA query_only = ON")
    except BaseException as error:
        connection.close()
        raise _told(path, error) from error
    return connection


def open_to_checkpoint(path: str) -> sqlite3.Connection:
    """Open a second connection of the writer, for one checkpoint. Raises: sqlite3.Error."""
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def _open(path: str) -> sqlite3.Connection:
    connection = _connect(path, f"file:{quote(os.path.abspath(path))}?mode=rw")
    try:
        version = _read_version(path, connection)
        for setting in _SETTINGS:
            connection.execute(setting)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreUnavailable(path, "its file system cannot share memory", hint="keep it on a local disk")
        if version == 0:
            _create(connection)
        else:
            migrate(connection, version)
    except BaseException as error:
        connection.close()
        raise _told(path, error) from error
    return connection


def _connect(path: str, uri: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)
    except sqlite3.Error as error:
        raise unavailable(path, error) from error


def _read_version(path: str, connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (version, application, tables) == (0, 0, 0):
        return 0
    if application != APPLICATION_ID or version < 1:
        raise StoreUnavailable(path, "it is a database of another program", hint="move it away, or name another place")
    if version > VERSION:
        reason = f"a newer version of procession wrote it (form {version}; this one knows {VERSION})"
        raise StoreUnavailable(path, reason, hint="use that version, or name another place")
    return int(version)


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    create(connection)
    connection.execute("COMMIT")


def _take_lock(path: str) -> int:
    """Numbers are handed out from memory, so that two writers would give the same one twice: there is one.

    On a file beside: to close a descriptor of the database itself would drop the locks that SQLite has on it.
    """
    try:
        lock = os.open(path + LOCK_SUFFIX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise unavailable(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        hint = "stop the other one, or name another place"
        raise StoreUnavailable(path, "another process writes it", hint=hint) from error
    return lock


def _make_private(path: str) -> None:
    """It holds the variables of every job. What SQLite puts beside it takes its mode from it."""
    try:
        if not os.path.exists(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        elif os.stat(path).st_mode & 0o077 and os.path.isfile(path):
            os.chmod(path, 0o600)
    except OSError as error:
        raise unavailable(path, error) from error


def _told(path: str, error: BaseException) -> BaseException:
    return unavailable(path, error) if isinstance(error, sqlite3.Error) else error
