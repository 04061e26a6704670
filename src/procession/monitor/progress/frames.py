r"""From the bytes a program prints to frames: each text that it draws, lines and redrawn bars alike.

A frame ends with a line feed, a carriage return, backspaces, or a movement of the cursor. What was drawn last often has
no end (tqdm writes ``\r`` *before* its text), so the tail counts, too; only a number at its very end may be cut, and
does not. Whoever draws only the digits that have changed (curses) is not understood: a whole terminal would be needed.
Source of the sequences: ECMA-48.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

ZONE_BYTES: Final = 1024
"""Of a larger piece only the end is looked at: newer frames say all that older ones did."""

DRAWN_ZONE_BYTES: Final = 8192
"""The same where something is drawn with escape sequences: one bar in colours takes a kilobyte."""

_TAIL_BYTES: Final = 2048
_ESC: Final = b"\x1b"
_MOVES: Final = re.compile(rb"\x1b\[[0-9;]*[A-HJfd]|\x1b[78DEM]")
_UP: Final = re.compile(rb"\x1b\[\d*A")
"""Whoever goes up draws over what looked like lines."""

_OTHERS: Final = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>ck]"
)
_UNFINISHED: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]P^_X][^\x07\x1b]*\x1b?|[()])?$")
_ENDS: Final = re.compile(rb"(\n+|[\r\x08\x1e]+)")
_CUT_NUMBER: Final = re.compile(rb"[\d.,/]+$")


class Frame(NamedTuple):
    """One drawn text. ``is_redrawn``: the next one goes over it. ``is_whole``: it has ended."""

    text: bytes
    is_redrawn: bool
    is_whole: bool = True


class FrameCutter:
    """Cuts the output of one stream into frames, however it comes in pieces."""

    def __init__(self) -> None:
        self._tail = b""
        self._before = b"\n"
        self._goes_up = False
        self.skipped_bytes = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Take a piece; give its frames, the unfinished one at the end included."""
        zone = self._tail + data
        room = DRAWN_ZONE_BYTES if _ESC in zone[-DRAWN_ZONE_BYTES:] else ZONE_BYTES
        if len(zone) > 2 * room:
            self.skipped_bytes += len(zone) - room
            zone = zone[-room:]
            first = _ENDS.search(zone)
            zone = zone[first.end() :] if first else zone[-_TAIL_BYTES:]
            self._before = first[1][:1] if first else self._before
        self._goes_up = self._goes_up or (_ESC in zone and _UP.search(zone) is not None)
        frames = self._cut(zone)
        self._keep_tail(zone)
        return frames

    def _cut(self, zone: bytes) -> list[Frame]:
        is_whole = zone.endswith(b"\r")  # what follows may make a line of it
        plain = _plain(zone[:-1] if is_whole else zone).replace(b"\r\n", b"\n")
        if not self._goes_up and self._before == b"\n" and not is_whole and not _is_redrawn(plain):
            return _lines_of(plain)  # nearly all output, at a third of the price
        *parts, tail = _ENDS.split(plain)
        before, frames = self._before, []
        for text, end in zip(parts[::2], parts[1::2], strict=True):
            if text and not text.isspace():
                frames.append(Frame(text, self._goes_up or end[:1] != b"\n" or before != b"\n"))
            before = end[:1]
        self._before = before
        text = tail if is_whole else _CUT_NUMBER.sub(b"", tail)
        if text and not text.isspace():
            frames.append(Frame(text, is_whole or before != b"\n", is_whole))
        return frames

    def _keep_tail(self, zone: bytes) -> None:
        cut = max(zone.rfind(b"\n"), zone.rfind(b"\r", 0, -1), zone.rfind(b"\x08")) + 1
        if _ESC in zone:
            for move in _MOVES.finditer(zone, cut):
                cut = move.end()
        self._tail = zone[cut:][-_TAIL_BYTES:]


def _is_redrawn(plain: bytes) -> bool:
    return b"\r" in plain or b"\x08" in plain or b"\x1e" in plain


def _lines_of(plain: bytes) -> list[Frame]:
    *lines, tail = plain.split(b"\n")
    frames = [Frame(line, False) for line in lines if line and not line.isspace()]
    text = _CUT_NUMBER.sub(b"", tail)
    if text and not text.isspace():
        frames.append(Frame(text, False, False))
    return frames


def _plain(zone: bytes) -> bytes:
    """Take out all that moves nothing; a movement becomes a mark."""
    if _ESC not in zone:
        return zone
    return _UNFINISHED.sub(b"", _OTHERS.sub(b"", _MOVES.sub(b"\x1e", zone)))
