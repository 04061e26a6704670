"""Following the logs of one process together: what is there in the order in which it came, then whatever comes.

Like `replay` it puts logs and note together, like `follow` it starts at any offsets and waits for more; it never holds
up the loop for long. Not here: finding where to start (``log_start``).
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Mapping

from procession.streams.log import open_regular
from procession.streams.log_piece import read_piece
from procession.streams.note import Arrival, NotedCuts, NoteReader
from procession.streams.replay import TimedPiece
from procession.streams.watch import wake_when, watch_directory, watch_file

_RECORDS_PER_TURN = 1000


async def follow_together(
    paths: Mapping[int, str], note_path: str | None, offsets: Mapping[int, int], *, done: asyncio.Event
) -> AsyncGenerator[TimedPiece, None]:
    """Yield the logs of ``paths`` (by stream number) from ``offsets`` (else 0), until ``done`` is set.

    What was written before that is delivered. What no note covers has the time at which it was read, or None if it
    was there before. Break off with ``contextlib.aclosing``. Raises :class:`OSError` as `follow` does.
    """
    wake = asyncio.Event()
    with contextlib.ExitStack() as opened:
        noted = opened.enter_context(NotedCuts(note_path)) if note_path else None
        logs = {each: _Log(opened, each, path, noted, offsets.get(each, 0)) for each, path in paths.items()}
        async with wake_when(done, wake):
            if note_path:
                async with contextlib.aclosing(_noted(logs, note_path)) as pieces:
                    async for piece in pieces:
                        yield piece
            is_first = True
            while True:
                # In this order, so that nothing is missed: watch, forget wake-ups, ask, read to the end, wait.
                for log in logs.values():
                    log.watch(wake)
                wake.clear()
                is_last = done.is_set()
                for log in logs.values():
                    while came := log.read(time_ns=None if is_first else time.time_ns()):
                        yield came
                        await asyncio.sleep(0)
                if is_last:
                    return
                is_first = False
                await wake.wait()


async def _noted(logs: Mapping[int, "_Log"], note_path: str) -> AsyncGenerator[TimedPiece, None]:
    with NoteReader(note_path) as note:
        for count, record in enumerate(note.read()):
            if count % _RECORDS_PER_TURN == 0:
                await asyncio.sleep(0)
            if isinstance(record, Arrival) and record.stream in logs:
                while piece := logs[record.stream].read(end=record.end_offset, time_ns=record.time_ns):
                    yield piece
                    await asyncio.sleep(0)


class _Log:
    """One log, perhaps not there yet, and how far it was read."""

    def __init__(
        self, opened: contextlib.ExitStack, stream: int, path: str, noted: NotedCuts | None, offset: int
    ) -> None:
        self._opened, self._stream, self._path, self._offset = opened, stream, path, offset
        self._noted = noted
        self._fd: int | None = None
        self._is_watched = self._is_directory_watched = False
        self._open()

    def watch(self, wake: asyncio.Event) -> None:
        """Set ``wake`` when it grows, or appears."""
        if not self._open() and not self._is_directory_watched:
            self._opened.enter_context(watch_directory(os.path.dirname(self._path) or ".", wake))
            self._is_directory_watched = True
            self._open()
        if self._fd is not None and not self._is_watched:
            self._opened.enter_context(watch_file(self._fd, wake))
            self._is_watched = True

    def read(self, *, end: int | None = None, time_ns: int | None) -> TimedPiece | None:
        """Read on, not beyond ``end``; None when nothing is there."""
        if self._fd is None:
            return None
        piece = read_piece(self._fd, self._offset, self._cuts, end=end)
        if piece is None:
            return None
        self._offset = piece.end
        return TimedPiece(self._stream, piece, time_ns)

    def _cuts(self) -> list[tuple[int, int]]:
        return [] if self._noted is None else [*self._noted.of(self._stream)]

    def _open(self) -> bool:
        if self._fd is None:
            with contextlib.suppress(FileNotFoundError):
                self._fd = open_regular(self._path, os.O_RDONLY)
                self._opened.callback(os.close, self._fd)
        return self._fd is not None
