"""Standard output for a program that must not stand still: a slow or stopped reader never blocks the event loop.

One thread writes; whoever produces much waits for room. A reader that went away is noticed at once, even when there is
nothing to say. Not here: what is written (``lines``, ``jsonl``, ``summary``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import stat
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM_BYTES = 1 << 20


class Outlet:
    """Writes to the descriptor ``fd``; ``on_closed`` is called once in the loop when that has become impossible."""

    def __init__(self, fd: int, on_closed: Callable[[OSError], None]) -> None:
        self._fd = fd
        self._on_closed = on_closed
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pending_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._empty = asyncio.Event()
        self._empty.set()
        self.is_closed = False
        # A daemon: a terminal stopped with Ctrl-S may hold it for ever, and must not hold us.
        self._thread = threading.Thread(target=self._write_queue, name="procession-output", daemon=True)
        self._thread.start()
        self._watched = self._watch_reader()

    def put(self, data: bytes) -> None:
        """Have ``data`` written, after all that was put before."""
        if self.is_closed or not data:
            return
        self._pending_bytes += len(data)
        self._empty.clear()
        if self._pending_bytes > ROOM_BYTES:
            self._room.clear()
        self._queue.put(data)

    async def wait_for_room(self) -> None:
        """Wait until it makes sense to put more."""
        await self._room.wait()

    async def wait_written(self) -> None:
        """Wait until all is written, or nobody wants it any more."""
        await self._empty.wait()

    def close(self) -> None:
        """Write nothing more. What was not written in time is lost: see ``wait_written``."""
        if self._watched:
            self._loop.remove_reader(self._fd)
            self._watched = False
        self._queue.put(None)
        if self._pending_bytes == 0:
            self._thread.join()

    def _watch_reader(self) -> bool:
        # The writing end of a pipe is never readable: epoll reports it only when the last reader has gone.
        if not stat.S_ISFIFO(os.fstat(self._fd).st_mode):
            return False
        self._loop.add_reader(self._fd, self._note_closed, BrokenPipeError("nobody reads the output any more"))
        return True

    def _write_queue(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                _write_all(self._fd, data)
            except OSError as error:
                self._tell(self._note_closed, error)
            self._tell(self._note_written, len(data))

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before us
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _note_written(self, size_bytes: int) -> None:
        self._pending_bytes -= size_bytes
        if self._pending_bytes <= ROOM_BYTES:
            self._room.set()
        if self._pending_bytes == 0:
            self._empty.set()

    def _note_closed(self, error: OSError) -> None:
        if self._watched:
            self._loop.remove_reader(self._fd)
            self._watched = False
        if not self.is_closed:
            self.is_closed = True
            self._on_closed(error)


def _write_all(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
