"""What tasks print, cut into lines with their offsets, for the views that show lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from procession.streams.lines import LineSplitter
from procession.streams.pieces import ends_line

if TYPE_CHECKING:
    from procession.cli.tail import Printed


class PrintedLine(Struct, frozen=True):
    """A line without its newline, where it begins in the log, and whether it is whole; or bytes that were dropped."""

    offset: int
    data: bytes = b""
    is_whole: bool = True
    dropped_bytes: int = 0


class LineCutter:
    """Keeps what is unfinished of each stream of each task."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[LineSplitter, int]] = {}

    def cut(self, printed: Printed) -> list[PrintedLine]:
        """Give the lines that ``printed`` completes, and the unfinished one when no more will come."""
        key = printed.task, printed.stream
        splitter, offset = self._open.get(key) or (LineSplitter(), printed.offset)
        pieces = splitter.feed(printed.data)
        if printed.is_last or printed.dropped_bytes:
            pieces += splitter.flush()
        lines = []
        for piece in pieces:
            lines.append(PrintedLine(offset, bytes(piece), is_whole=type(piece) is bytes))
            offset += len(piece) + ends_line(piece)
        if printed.dropped_bytes:
            lines.append(PrintedLine(printed.offset, dropped_bytes=printed.dropped_bytes))
            offset = printed.offset + printed.dropped_bytes
        self._open[key] = (LineSplitter() if printed.is_last or printed.dropped_bytes else splitter, offset)
        return lines
