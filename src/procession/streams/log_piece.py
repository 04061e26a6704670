"""Reading a stretch of a log from an offset, with what was cut out of it shown as a gap, never as zeros.

Not here: waiting for more (``follow``), times (``replay``).
"""

import os
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from procession.streams.log import Cut

PIECE_BYTES: Final = 1 << 18

Cuts = Callable[[], Iterable[tuple[int, int]]]
"""Asked again at every read, because a live log is cut while it is read."""


class Piece(Struct, frozen=True):
    """Bytes of a log at ``offset``, or a gap of ``gap_bytes`` there that the log's bound has removed."""

    offset: int
    data: bytes = b""
    gap_bytes: int = 0

    @property
    def end(self) -> int:
        """The offset after this piece: where to resume."""
        return self.offset + len(self.data) + self.gap_bytes


def read_piece(fd: int, offset: int, cuts: Cuts, *, end: int | None = None) -> Piece | None:
    """Read the piece at ``offset``, at most 256 KiB and not beyond ``end``; None when nothing is there yet.

    Raises :class:`OSError` as ``pread`` does.
    """
    length = PIECE_BYTES if end is None else min(PIECE_BYTES, end - offset)
    if length <= 0:
        return None
    if gap := _gap_at(offset, cuts(), end):
        return gap
    data = os.pread(fd, length, offset)
    if not data:
        return None
    # Asked after reading: a hole punched just before the read would have come as zeros. A cut that starts at
    # `offset` itself was made meanwhile and leaves nothing of what was read.
    now = sorted(cuts())
    first = min((start for start, stop in now if stop > offset and start < offset + len(data)), default=None)
    if first is None:
        return Piece(offset, data)
    return _gap_at(offset, now, end) or Piece(offset, data[: first - offset])


def _gap_at(offset: int, cuts: Iterable[tuple[int, int]], end: int | None) -> Piece | None:
    for start, stop in cuts:
        if start <= offset < stop:
            return Piece(offset, b"", (stop if end is None else min(stop, end)) - offset)
    return None


def no_cuts() -> tuple[Cut, ...]:
    """For a log that nobody bounds."""
    return ()
