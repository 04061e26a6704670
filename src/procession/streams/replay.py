"""Replaying the logs of a process as they came: both streams merged, in order of arrival, each piece with its time.

Not here: writing the note (``recorder``). Between two notes the order of the streams is not known, and not promised.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping

from msgspec import Struct

from procession.streams.log import open_regular
from procession.streams.log_piece import Cuts, Piece, read_piece
from procession.streams.note import Arrival, NotedCuts, NoteReader


class TimedPiece(Struct, frozen=True):
    """A piece of the log of ``stream`` that had arrived by ``time_ns`` (since 1970), None where nobody noted it."""

    stream: int
    piece: Piece
    time_ns: int | None


def replay(paths: Mapping[int, str], note_path: str) -> Iterator[TimedPiece]:
    """Yield what the logs hold now, as ``note_path`` says it arrived, then what no note covers, stream by stream.

    ``paths`` maps stream numbers to logs; a log that does not exist is empty. Gaps are those that the note remembers.
    Raises :class:`OSError` for a log or note that cannot be read or is not a regular file.
    """
    with contextlib.ExitStack() as opened:
        noted = opened.enter_context(NotedCuts(note_path))
        logs = {stream: _Reader(opened, stream, path, noted) for stream, path in paths.items()}
        for record in opened.enter_context(NoteReader(note_path)).read():
            if isinstance(record, Arrival) and record.stream in logs:
                yield from logs[record.stream].read_to(record.end_offset, record.time_ns)
        for log in logs.values():
            yield from log.read_to(None, None)


class _Reader:
    """One log and how far it was read."""

    def __init__(self, opened: contextlib.ExitStack, stream: int, path: str, noted: NotedCuts) -> None:
        self._stream, self._offset = stream, 0
        self._cuts: Cuts = lambda: noted.of(stream)
        self._fd: int | None = None
        with contextlib.suppress(FileNotFoundError):
            self._fd = open_regular(path, os.O_RDONLY)
            opened.callback(os.close, self._fd)

    def read_to(self, end: int | None, time_ns: int | None) -> Iterator[TimedPiece]:
        while self._fd is not None and (piece := read_piece(self._fd, self._offset, self._cuts, end=end)):
            self._offset = piece.end
            yield TimedPiece(self._stream, piece, time_ns)
