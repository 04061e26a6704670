"""How logs are shown: raw, byte for byte; or line by line, with a name, a time, or both before each.

Not here: where they come from (``logs``, ``attach``).
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from procession.cli.line_cutter import LineCutter
from procession.cli.lines import COLOURS, WIDEST_NAME
from procession.cli.tail import Printed
from procession.cli.text import show_line, show_safely
from procession.model.units import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.client.answers import Piece


def show_raw(piece: Piece) -> None:
    """Write a piece as it is; only a gap is said, on stderr."""
    if piece.gap_bytes:
        print(f"[… {format_size(piece.gap_bytes)} dropped …]", file=sys.stderr)
    sys.stdout.buffer.write(piece.data)
    sys.stdout.buffer.flush()


class LinedLogs:
    """Whole lines, safe to show, of one or several tasks."""

    def __init__(self, names: Sequence[str], *, prefixed: bool, times: bool, colour: bool) -> None:
        self._cutter = LineCutter()
        self._times = times
        width = min(max(map(len, names), default=0), WIDEST_NAME) if prefixed else 0
        self._prefixes = {name: _prefix(name, width, index, colour) for index, name in enumerate(names)}
        self._ends: dict[tuple[str, str], tuple[int, float | None]] = {}

    def show(self, piece: Piece) -> None:
        """Write the lines that a piece completes."""
        key = piece.task, piece.stream
        if piece.gap_bytes:
            gap = Printed(
                task=key[0], stream=key[1], offset=piece.offset - piece.gap_bytes, dropped_bytes=piece.gap_bytes
            )
            self._write(gap, piece.at)
        self._ends[key] = piece.offset + len(piece.data), piece.at
        self._write(Printed(task=key[0], stream=key[1], offset=piece.offset, data=piece.data), piece.at)

    def finish(self, task: str) -> None:
        """Write what is unfinished of a task."""
        for (name, stream), (end, at) in self._ends.items():
            if name == task:
                self._write(Printed(task=name, stream=stream, offset=end, is_last=True), at)

    def _write(self, printed: Printed, at: float | None) -> None:
        for line in self._cutter.cut(printed):
            dropped = line.dropped_bytes
            text = f"[… {format_size(dropped)} dropped …]" if dropped else show_line(line.data)
            print(f"{_time(at) if self._times else ''}{self._prefixes.get(printed.task, '')}{text}")
        sys.stdout.flush()


def _prefix(name: str, width: int, index: int, colour: bool) -> str:  # noqa: FBT001 - of one file
    if not width:
        return ""
    shown = f"{show_safely(name):<{width}} | "
    return click.style(shown, fg=COLOURS[index % len(COLOURS)]) if colour else shown


def _time(at: float | None) -> str:
    if at is None:
        return f"{'':23} "
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))}.{int(at % 1 * 1000):03d} "
