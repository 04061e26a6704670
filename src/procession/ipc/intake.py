"""Moving what comes through a channel into a file, so that no byte of it is ever in this process alone.

From the socket into a pipe, from the pipe into the file: each move is one system call, and the kernel has the bytes on
its one side or on the other. Whoever is killed in between leaves them in the pipe, which somebody else holds open,
too; the next one goes on from there, and nothing is lost or there twice.
Not here: what the bytes mean (`channel`), and who holds the pipe (`procession.supervisor.custody`). See splice(2).
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

from procession.kernel.hole import punch_hole

_MOVE_BYTES: Final = 1 << 16
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_BLOCK_BYTES: Final = 1 << 16
"""The beginning is given back in pieces of at least so much, at whole blocks."""


class IntakeStuck(Exception):
    """The file cannot be written now. Nothing is lost: the bytes wait in the pipe."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.error = error


class Intake:
    """Fills the file at ``path``, of which it keeps about the last ``limit_bytes``.

    read_from: what an earlier one has given out already; None: begin behind what is there, on a line of its own.
    pipe: the reading end of that one's pipe.
    Raises: OSError: the file or the pipe cannot be had.
    """

    def __init__(
        self, path: str, limit_bytes: int | None, *, read_from: int | None = None, pipe: int | None = None
    ) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._file = os.open(path, _NEW, 0o600)
        try:
            if pipe is None:
                self.pipe, self._entry = os.pipe()
            else:
                self.pipe = pipe
                self._entry = os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            os.close(self._file)
            raise
        self._size = os.fstat(self._file).st_size
        self._freed = 0
        self._is_dirty = pipe is not None
        self._can_splice = True
        if read_from is None:
            self._begin_line()
        self.position = self._size if read_from is None else min(read_from, self._size)

    @property
    def has_more(self) -> bool:
        """Whether something is in the file, or may be in the pipe, that was not given out."""
        return self.position < self._size or self._is_dirty

    def receive(self, connection: socket.socket) -> bytes:
        """Give what comes next, which stands in the file then; nothing at the end of the connection.

        Raises: BlockingIOError: there is nothing now; IntakeStuck; OSError: the connection is broken.
        """
        if self._is_dirty:
            self._drain()
        if self.position == self._size:
            if not os.splice(connection.fileno(), self._entry, _MOVE_BYTES, flags=os.SPLICE_F_NONBLOCK):
                return b""
            self._drain()
        data = os.pread(self._file, _MOVE_BYTES, self.position)
        self.position += len(data)
        return data

    def close(self) -> None:
        """Let go of the file and of the pipe."""
        for descriptor in (self._file, self.pipe, self._entry):
            os.close(descriptor)

    def _drain(self) -> None:
        """Move everything that is in the pipe."""
        self._is_dirty = True
        while True:
            try:
                self._size += self._move_on()
            except BlockingIOError:
                break
            except OSError as error:
                raise IntakeStuck(error) from error
        self._is_dirty = False
        self._free_the_beginning()

    def _move_on(self) -> int:
        if self._can_splice:
            try:
                return os.splice(self.pipe, self._file, _MOVE_BYTES, offset_dst=self._size, flags=os.SPLICE_F_NONBLOCK)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                self._can_splice = False  # a file system that takes copies only; then a crash in between costs a piece
        os.set_blocking(self.pipe, False)
        return os.pwrite(self._file, os.read(self.pipe, _MOVE_BYTES), self._size)

    def _begin_line(self) -> None:
        """End the line that an attempt before has left unfinished."""
        if self._size and os.pread(self._file, 1, self._size - 1) != b"\n":
            self._size += os.pwrite(self._file, b"\n", self._size)

    def _free_the_beginning(self) -> None:
        if self._limit_bytes is None:
            return
        end = (min(self._size - self._limit_bytes, self.position)) // _BLOCK_BYTES * _BLOCK_BYTES
        if end > self._freed:
            punch_hole(self._file, self._freed, end - self._freed)
            self._freed = end
