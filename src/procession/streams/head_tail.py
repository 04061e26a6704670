"""The beginning and the end of a stream in bounded memory, and exactly how much was dropped between them.

Not here: the same for a file on disk (``log``), which keeps its offsets.
"""

from collections import deque
from itertools import chain

from procession.model.units import format_size

_SMALL_CHUNK_BYTES = 4096
"""Chunks below this are copied together: a child that writes byte by byte must not cost 50 bytes for each."""

_BLOCK_BYTES = 1 << 16
"""How large such a gathered block may grow."""


class HeadTail:
    """Keeps the first and the last half of ``limit_bytes``; memory stays within the limit and one chunk (or 64 KiB).

    Raises :class:`ValueError` for a negative limit. A limit of 0 keeps nothing and still counts.
    """

    def __init__(self, limit_bytes: int) -> None:
        if limit_bytes < 0:
            raise ValueError(f"the output limit must not be negative, got {limit_bytes}")
        self.limit_bytes = limit_bytes
        self.total_bytes = 0
        self._head: deque[bytes | bytearray] = deque()
        self._tail: deque[bytes | bytearray] = deque()
        self._head_room = limit_bytes // 2
        self._tail_limit = limit_bytes - self._head_room
        self._tail_size = 0

    def append(self, chunk: bytes) -> None:
        """Take the next chunk, in amortised constant time; large chunks are kept as they are, without a copy."""
        self.total_bytes += len(chunk)
        if self._head_room:
            chunk = self._fill_head(chunk)
        if not chunk:
            return
        _store(self._tail, chunk)
        self._tail_size += len(chunk)
        while self._tail and self._tail_size - len(self._tail[0]) >= self._tail_limit:
            self._tail_size -= len(self._tail.popleft())

    @property
    def dropped_bytes(self) -> int:
        """How many bytes :meth:`getvalue` leaves out: exact, and 0 while the stream is within the limit."""
        return max(self.total_bytes - self.limit_bytes, 0)

    def getvalue(self, *, mark: bool = True) -> bytes:
        """Return head and tail; if bytes were dropped between them, a line there says how many, unless not ``mark``."""
        surplus = max(self._tail_size - self._tail_limit, 0)
        gap = [self._mark()] if mark and self.dropped_bytes else []
        return b"".join(chain(self._head, gap, _without_first(self._tail, surplus)))

    def _fill_head(self, chunk: bytes) -> bytes:
        part = chunk if len(chunk) <= self._head_room else chunk[: self._head_room]
        _store(self._head, part)
        self._head_room -= len(part)
        return chunk[len(part) :]

    def _mark(self) -> bytes:
        dropped = self.dropped_bytes
        exactly = f" ({dropped:,} bytes)" if dropped >= 1000 else ""
        return f"\n[… {format_size(dropped)} dropped{exactly} …]\n".encode()


def _store(blocks: deque[bytes | bytearray], chunk: bytes) -> None:
    if len(chunk) >= _SMALL_CHUNK_BYTES:
        blocks.append(chunk)
    elif blocks and isinstance(blocks[-1], bytearray) and len(blocks[-1]) < _BLOCK_BYTES:
        blocks[-1] += chunk
    else:
        blocks.append(bytearray(chunk))


def _without_first(blocks: deque[bytes | bytearray], count: int) -> list[bytes | bytearray]:
    # Only the oldest block can be partly surplus: append drops every block that is wholly so.
    return [blocks[0][count:], *list(blocks)[1:]] if blocks and count else list(blocks)
