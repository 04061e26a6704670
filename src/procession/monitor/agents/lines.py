"""Cuts what a stream carries into lines, however it comes in pieces, and keeps no more than one bounded line."""

from __future__ import annotations

from typing import Final

LONGEST_BYTES: Final = 1 << 20
"""A longer line is no event that anyone waits for: it is passed over, to its end."""


class LineCutter:
    """Takes the pieces of one stream; gives its lines, without their ends."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self._skips = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take a piece; give the lines that it ends."""
        first = data.find(b"\n")
        if first < 0:
            self._keep(data)
            return []
        lines = data.split(b"\n")
        rest = lines.pop()
        if len(data) > LONGEST_BYTES:  # what is passed over must not depend on the pieces
            lines = [line if len(line) <= LONGEST_BYTES else b"" for line in lines]
        if self._tail or self._skips:
            self._keep(lines[0])
            lines[0] = b"" if self._skips else bytes(self._tail)
            self._tail.clear()
        self._skips = False
        self._keep(rest)
        return lines

    def finish(self) -> bytes:
        """Give the line that was never ended."""
        tail = bytes(self._tail)
        self._tail.clear()
        self._skips = False
        return tail

    def _keep(self, piece: bytes) -> None:
        if self._skips:
            return
        if len(self._tail) + len(piece) > LONGEST_BYTES:
            self._skips = True
            self._tail.clear()
        else:
            self._tail += piece
