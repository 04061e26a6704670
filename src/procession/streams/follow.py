"""Following a log while others write it: from any offset, as it grows, to its end once the writer is done.

Live and replay are one road, and the offset is the resume token. The kernel says when there is more: no polling.
Not here: lines (``lines``), bounding the file (``log``), times (``replay``).
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator

from procession.streams.log import open_regular
from procession.streams.log_piece import Cuts, Piece, no_cuts, read_piece
from procession.streams.watch import wake_when, watch_directory, watch_file


async def follow(
    path: str, offset: int = 0, *, done: asyncio.Event | None = None, cuts: Cuts = no_cuts
) -> AsyncGenerator[Piece, None]:
    """Yield the log ``path`` in pieces from ``offset`` in bytes, waiting for more until ``done`` is set.

    What was written before ``done`` was set is delivered; without ``done`` it goes on until cancelled. A file that
    does not exist yet is waited for; its directory must exist. ``cuts`` tells what was removed (``LogFile.cuts`` by
    ``lambda: log.cuts``). Break off with ``contextlib.aclosing`` to give the descriptors back at once.
    Raises :class:`OSError`: no directory, a symbolic link (ELOOP), not a regular file, no inotify instances left.
    """
    wake = asyncio.Event()
    async with wake_when(done, wake):
        fd = await _open_when_there(path, wake, done)
        if fd is None:
            return
        try:
            with watch_file(fd, wake):
                async with contextlib.aclosing(_pieces(fd, offset, cuts, wake, done)) as pieces:
                    async for piece in pieces:
                        yield piece
        finally:
            os.close(fd)


async def _pieces(
    fd: int, offset: int, cuts: Cuts, wake: asyncio.Event, done: asyncio.Event | None
) -> AsyncGenerator[Piece, None]:
    while True:
        # In this order, so that nothing is missed: forget wake-ups, ask whether it is over, read to the end, wait.
        wake.clear()
        is_last = done is not None and done.is_set()
        while piece := read_piece(fd, offset, cuts):
            offset = piece.end
            yield piece
            await asyncio.sleep(0)  # a long log must not hold up the loop
        if is_last:
            return
        await wake.wait()


async def _open_when_there(path: str, wake: asyncio.Event, done: asyncio.Event | None) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        return open_regular(path, os.O_RDONLY)
    with watch_directory(os.path.dirname(path) or ".", wake):
        while True:
            wake.clear()
            is_last = done is not None and done.is_set()
            with contextlib.suppress(FileNotFoundError):
                return open_regular(path, os.O_RDONLY)
            if is_last:
                return None
            await wake.wait()
