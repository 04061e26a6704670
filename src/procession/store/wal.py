"""The write-ahead log beside the file: when it has grown enough to be copied into it, and doing so.

Copying is where SQLite waits for the disk, so it is done by another thread, on a connection of its own.
"""

from __future__ import annotations

import os
from typing import Final

from procession.store.failure import told
from procession.store.opening import open_to_checkpoint

CHECKPOINT_BYTES: Final = 4 << 20


class WriteAheadLog:
    """Knows how far the log had grown when it was last copied: while somebody reads, it cannot begin anew."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._copied_bytes = 0

    @property
    def needs_checkpoint(self) -> bool:
        """Whether enough was written since the last one."""
        size = self._size()
        self._copied_bytes = min(self._copied_bytes, size)  # smaller: it began anew
        return size - self._copied_bytes >= CHECKPOINT_BYTES

    def checkpoint(self) -> None:
        """Copy what readers permit, and make it safe against a power cut. Raises: StoreUnavailable."""
        size = self._size()
        with told(self._path):
            connection = open_to_checkpoint(self._path)
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            finally:
                connection.close()
        self._copied_bytes = size

    def _size(self) -> int:
        try:
            return os.stat(f"{self._path}-wal").st_size
        except OSError:
            return 0
