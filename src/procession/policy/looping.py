"""A hint that a program prints the same again and again: nearly all of its last lines are alike but for their digits.

Pure and bounded: of a flood the end of each piece is looked at.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from typing import Final

LINES: Final = 200
SHARE: Final = 0.95
LEAST_S: Final = 300.0
_PIECE_BYTES: Final = 4096
_DIGITS: Final = re.compile(rb"\d+")
_LINE_BYTES: Final = 200
_FORMS: Final = 3
"""A loop prints a few different lines each time around, not one."""


class LoopHint:
    """Takes what is printed; says whether it goes round in a circle."""

    __slots__ = ("_lines", "_since_s")

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=LINES)
        self._since_s: float | None = None

    def feed(self, data: bytes, at_s: float) -> None:
        """Take a piece of output, at ``at_s``."""
        for line in data[-_PIECE_BYTES:].split(b"\n"):
            text = line.strip()[:_LINE_BYTES]
            if text:
                self._lines.append(_DIGITS.sub(b"0", text))
        if not self._is_full_of_the_same():
            self._since_s = None
        elif self._since_s is None:
            self._since_s = at_s

    def example(self, at_s: float) -> str | None:
        """Give a line of it, once it has gone on for `LEAST_S`; None while it has not."""
        if self._since_s is None or at_s - self._since_s < LEAST_S:
            return None
        return Counter(self._lines).most_common(1)[0][0].decode("utf-8", "replace")

    def _is_full_of_the_same(self) -> bool:
        if len(self._lines) < LINES:
            return False
        most = Counter(self._lines).most_common(_FORMS)
        return sum(count for _, count in most) > SHARE * LINES
