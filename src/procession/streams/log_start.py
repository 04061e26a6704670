"""Where to start in the logs of a process: at their last lines, or at what came since a time.

Answers are offsets by stream number, for `follow_together`. Not here: reading from there.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Mapping
from typing import Final

from procession.streams.log import open_regular
from procession.streams.note import Arrival, NoteReader
from procession.streams.together import follow_together

_BLOCK_BYTES: Final = 1 << 16
_RECORDS_PER_TURN: Final = 1000


async def offsets_of_last_lines(paths: Mapping[int, str], note_path: str | None, count: int) -> dict[int, int]:
    """Say where the last ``count`` lines start that came through any of the streams. Raises: OSError."""
    starts = {stream: await _start_of_last_lines(path, count) for stream, path in paths.items()}
    if len(paths) < 2:
        return starts
    ends = dict(starts)
    lines: deque[tuple[int, int]] = deque(maxlen=count)
    is_at_start = dict.fromkeys(paths, True)
    over = asyncio.Event()
    over.set()
    async with contextlib.aclosing(follow_together(paths, note_path, starts, done=over)) as pieces:
        async for each in pieces:
            piece, stream = each.piece, each.stream
            if is_at_start[stream]:
                lines.append((stream, piece.offset))
            position = 0
            while (found := piece.data.find(b"\n", position)) >= 0:
                position = found + 1
                if position < len(piece.data):
                    lines.append((stream, piece.offset + position))
            is_at_start[stream] = piece.data.endswith(b"\n")
            ends[stream] = piece.end
    return {stream: min((at for of, at in lines if of == stream), default=ends[stream]) for stream in paths}


async def offsets_since(paths: Mapping[int, str], note_path: str | None, time_s: float) -> dict[int, int]:
    """Say how long each stream was at ``time_s``, in seconds since 1970; 0 where nobody noted it. Raises: OSError."""
    offsets = dict.fromkeys(paths, 0)
    if note_path is None:
        return offsets
    with NoteReader(note_path) as note:
        for number, record in enumerate(note.read()):
            if number % _RECORDS_PER_TURN == 0:
                await asyncio.sleep(0)
            if isinstance(record, Arrival) and record.stream in offsets and record.time_ns < time_s * 1e9:
                offsets[record.stream] = max(offsets[record.stream], record.end_offset)
    return offsets


async def _start_of_last_lines(path: str, count: int) -> int:
    """Search backwards, in blocks, so that only the end of a long log is read."""
    try:
        fd = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return 0
    try:
        end = position = os.fstat(fd).st_size
        if count < 1:
            return end
        while position > 0:
            start = max(position - _BLOCK_BYTES, 0)
            block = os.pread(fd, position - start, start)
            at = len(block) - 1 if position == end else len(block)  # the last line's own end separates nothing
            while (at := block.rfind(b"\n", 0, at)) >= 0:
                count -= 1
                if count == 0:
                    return start + at + 1
            position = start
            await asyncio.sleep(0)
        return 0
    finally:
        os.close(fd)


def start_of_data(path: str) -> int:
    """Say where what is left of a log begins whose beginning was given back, and which has no holes of its own."""
    with contextlib.suppress(OSError):
        descriptor = open_regular(path, os.O_RDONLY)
        try:
            return os.lseek(descriptor, 0, os.SEEK_DATA)
        finally:
            os.close(descriptor)
    return 0
