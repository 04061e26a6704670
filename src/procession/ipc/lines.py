"""Cutting what comes through a channel into lines, with bounded memory whatever comes. Not here: what is in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

EXCERPT_BYTES: Final = 80


class LineSplitter:
    """Takes pieces of any size and gives whole lines, without their ends.

    A line longer than ``limit_bytes`` is dropped as it comes; ``on_overlong`` is told how it begins and how much of it
    had come by then, once.
    """

    def __init__(self, limit_bytes: int, on_overlong: Callable[[bytes, int], None]) -> None:
        self._limit_bytes = limit_bytes
        self._on_overlong = on_overlong
        self._pieces: list[bytes] = []
        self._is_skipping = False
        self.incomplete_bytes = 0
        """How much has come of a line that has no end yet."""

    def feed(self, data: bytes) -> list[bytes]:
        """Give the lines that end in ``data``."""
        *lines, rest = data.split(b"\n")
        if lines and self.incomplete_bytes:
            self._finish_first(lines)
        if rest:
            self._begin(rest)
        if lines and max(map(len, lines)) > self._limit_bytes:
            return [line for line in lines if self._fits(line)]
        return lines

    def _finish_first(self, lines: list[bytes]) -> None:
        if self._is_skipping:
            del lines[0]
        else:
            lines[0] = b"".join((*self._pieces, lines[0]))
        self._pieces.clear()
        self._is_skipping = False
        self.incomplete_bytes = 0

    def _begin(self, rest: bytes) -> None:
        """Keep what has no end yet, unless it is too much already."""
        self.incomplete_bytes += len(rest)
        if self._is_skipping:
            return
        self._pieces.append(rest)
        if self.incomplete_bytes > self._limit_bytes:
            begin = b"".join(self._pieces)[:EXCERPT_BYTES]
            self._pieces.clear()
            self._is_skipping = True
            self._on_overlong(begin, self.incomplete_bytes)

    def _fits(self, line: bytes) -> bool:
        if len(line) > self._limit_bytes:
            self._on_overlong(line[:EXCERPT_BYTES], len(line))
            return False
        return True
