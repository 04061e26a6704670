"""What SQLite or the kernel says, as the one error that says the store cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from procession.errors import StoreUnavailable

_SAYINGS: Final = {
    sqlite3.SQLITE_FULL: ("its disk is full", "make room; what was not written is kept until then"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "look at its mode, its directory and its file system"),
    sqlite3.SQLITE_BUSY: ("somebody else holds it", "end the program that has the file open for writing"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "look at its path and its mode"),
    sqlite3.SQLITE_NOTADB: ("it is no database", "move it away, or name another place"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "move it away and start anew; the logs are not in it"),
    sqlite3.SQLITE_IOERR: ("its disk cannot be read or written", "look at the disk, its quota and its limits"),
}


def unavailable(path: str, error: BaseException) -> StoreUnavailable:
    """Say in one sentence why ``path`` cannot be used."""
    if isinstance(error, OSError):
        return StoreUnavailable(path, (error.strerror or str(error)).lower(), hint="look at its path and its mode")
    # The low byte is the kind of failure, what is above it the place in SQLite's own code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reason, hint = _SAYINGS.get(code, (str(error), ""))
    return StoreUnavailable(path, reason, hint=hint)


@contextmanager
def told(path: str) -> Iterator[None]:
    """Raise StoreUnavailable instead of what SQLite raises."""
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
