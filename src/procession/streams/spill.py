"""Output that waits for its turn: in memory up to a bound that all share, beyond it in one file without a name.

Not here: output in bounded memory that forgets its middle (``head_tail``), and logs, which others find again (``log``).
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from typing import Final

from procession.kernel.hole import punch_hole

MEMORY_BYTES: Final = 32 << 20
PIECE_BYTES: Final = 1 << 16
_WORTH_WRITING_BYTES: Final = 1 << 14


class Spill:
    """The bound, and the file behind it. ``failure``: why nothing more can be written there; memory is used instead."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self.failure: OSError | None = None
        self.room_bytes = memory_bytes
        self._descriptor: int | None = None
        self._end = 0

    def write(self, data: bytes | bytearray) -> int | None:
        """Write ``data`` behind all that was written; give its offset, or None where it cannot be kept there."""
        if self.failure is not None:
            return None
        try:
            if self._descriptor is None:
                self._descriptor = open_nameless()
            offset, left = self._end, memoryview(data)
            while left:
                written = os.pwrite(self._descriptor, left, self._end)
                self._end += written
                left = left[written:]
        except OSError as error:
            self.failure = error
            return None
        return offset

    def read(self, offset: int, size_bytes: int) -> bytes:
        """Read what was written."""
        assert self._descriptor is not None
        return os.pread(self._descriptor, size_bytes, offset)

    def free(self, offset: int, size_bytes: int) -> None:
        """Give back the room on disk."""
        assert self._descriptor is not None
        punch_hole(self._descriptor, offset, size_bytes)

    def close(self) -> None:
        """Let all of it go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Spilled:
    """One stream. Add to it with `append`, then take all of it once with `pieces`, or give it up with `clear`."""

    def __init__(self, spill: Spill) -> None:
        self.size_bytes = 0
        self._spill = spill
        self._written: list[tuple[int, int]] = []
        self._tail = bytearray()

    def append(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self.size_bytes += len(chunk)
        self._tail += chunk
        self._spill.room_bytes -= len(chunk)
        if self._spill.room_bytes < 0 and len(self._tail) >= _WORTH_WRITING_BYTES:
            offset = self._spill.write(self._tail)
            if offset is not None:
                self._written.append((offset, len(self._tail)))
                self._drop_tail()

    def pieces(self) -> Iterator[bytes]:
        """Give all of it, piece by piece, and let it go."""
        for offset, size_bytes in self._written:
            for start in range(0, size_bytes, PIECE_BYTES):
                yield self._spill.read(offset + start, min(PIECE_BYTES, size_bytes - start))
            self._spill.free(offset, size_bytes)
        self._written.clear()
        if self._tail:
            data = bytes(self._tail)
            self._drop_tail()
            yield data
        self.size_bytes = 0

    def clear(self) -> None:
        """Let all of it go unread."""
        for offset, size_bytes in self._written:
            self._spill.free(offset, size_bytes)
        self._written.clear()
        self._drop_tail()
        self.size_bytes = 0

    def _drop_tail(self) -> None:
        self._spill.room_bytes += len(self._tail)
        self._tail = bytearray()


def open_nameless() -> int:
    """Open a file that nobody else finds, where temporary files are wanted; writes go to its end. Raises: OSError."""
    descriptor, path = tempfile.mkstemp(prefix="procession-")
    os.unlink(path)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
    return descriptor
