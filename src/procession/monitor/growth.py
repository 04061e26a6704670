"""What was appended to a log since the last look, as far as it is worth reading: a flood is sampled at its end.

The task writes its log without us, so nothing is held up whatever it prints. Not here: everyone who must have each byte
(``streams.follow``).
"""

from __future__ import annotations

import os
import stat
from typing import Final

LOOK_BYTES: Final = 1 << 16
"""So much is read of a log in one look; of more, the end."""


class GrowingLog:
    """The log at ``path``, read from ``offset`` on. ``skipped_bytes``: so much was passed over."""

    __slots__ = ("_offset", "_path", "skipped_bytes")

    def __init__(self, path: str, offset: int) -> None:
        self._path = path
        self._offset = offset
        self.skipped_bytes = 0

    def look(self) -> bytes:
        """Give what is new; nothing where there is no regular file, or nothing new."""
        try:
            size = os.stat(self._path).st_size
            if size <= self._offset:
                self._offset = size
                return b""
            return self._read(size)
        except OSError:
            return b""

    def _read(self, size: int) -> bytes:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return b""
            begin = max(self._offset, size - LOOK_BYTES)
            self.skipped_bytes += begin - self._offset
            self._offset = size
            return os.pread(descriptor, size - begin, begin)
        finally:
            os.close(descriptor)
