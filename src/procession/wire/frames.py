"""Frames: a fixed header, then fields that end in a NUL; and the reader that finds them in a stream again.

A keeper may outlive an upgrade of everything around it, so the form is neutral: no pickling, nothing that a version of
Python decides. Arguments, variables and paths cannot contain a NUL; nothing has to be escaped.
Not here: what a frame asks for. Design: docs/design/keeper.md.
"""

from __future__ import annotations

import os
import struct

TYPE_CHECKING = False  # what type checkers take for True; the module that defines it is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VERSION = 2
BODY_LIMIT_BYTES = 16 << 20

# supervisor -> keeper
SPAWN, HOLD, DROP, ACK, SHUTDOWN, LISTEN, HEARD = 1, 2, 3, 4, 5, 6, 7
# keeper -> supervisor
HELLO, RUNNING, HELD, EXITED, WELCOME = 64, 65, 66, 67, 68
STARTED, REFUSED, STOPPED, CONTINUED, BUSY, NOTICED = 69, 70, 71, 72, 73, 74

_HEADER = struct.Struct("<IBBHQ")  # body length, op, version, count of descriptors, id


class BadFrame(Exception):
    """The stream makes no sense any more; only closing it helps."""


class Frame:
    """One frame. ``fds`` is None if its descriptors are not those it announced; then none of them is open."""

    __slots__ = ("fds", "fields", "id", "op", "version")

    def __init__(self, op: int, key: int, fields: list[bytes], fds: tuple[int, ...] | None, version: int) -> None:
        """Keep them."""
        self.op = op
        self.id = key
        self.fields = fields
        self.fds = fds
        self.version = version

    def close(self) -> None:
        """Close the descriptors that came with it."""
        close_all(self.fds or ())
        self.fds = ()


def encode(op: int, key: int = 0, fields: Sequence[bytes] = (), fd_count: int = 0) -> bytes:
    """Give the bytes of a frame. Raises: ValueError: a NUL inside a field, or more than a frame holds."""
    body = b"\0".join((*fields, b"")) if fields else b""
    if body.count(0) != len(fields):
        raise ValueError("a field of a frame contains a NUL")
    if len(body) > BODY_LIMIT_BYTES:
        raise ValueError(f"a frame holds {BODY_LIMIT_BYTES} bytes, not {len(body)}")
    return _HEADER.pack(len(body), op, VERSION, fd_count, key) + body


class FrameReader:
    """Finds frames in pieces of a stream, however it was cut, and gives each the descriptors that came with it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._bytes = bytearray()
        self._offset = 0  # where in the stream the buffer begins: always the start of a frame
        self._groups: list[_Group] = []

    def feed(self, data: bytes, fds: tuple[int, ...] = (), *, is_truncated: bool = False) -> None:
        """Take what one receive gave. If the kernel dropped descriptors, so does their frame."""
        start = self._offset + len(self._bytes)
        self._bytes += data
        if is_truncated:
            close_all(fds)
        if fds or is_truncated:
            self._groups.append(_Group(start, start + len(data), None if is_truncated else fds))

    def next_frame(self) -> Frame | None:
        """Give the next whole frame, if it is there. Raises: BadFrame."""
        if len(self._bytes) < _HEADER.size:
            return None
        length, op, version, fd_count, key = _HEADER.unpack_from(self._bytes)
        if length > BODY_LIMIT_BYTES:
            raise BadFrame(f"a frame of {length} bytes; the limit is {BODY_LIMIT_BYTES}")
        end = _HEADER.size + length
        if len(self._bytes) < end:
            return None
        body = bytes(self._bytes[_HEADER.size : end])
        if body and body[-1]:
            raise BadFrame("the last field of a frame has no end")
        del self._bytes[:end]
        fds = self._claim(fd_count)
        self._offset += end
        self._close_unclaimed()
        return Frame(op, key, body.split(b"\0")[:-1], fds, version)

    def close(self) -> None:
        """Close what no frame has claimed."""
        for group in self._groups:
            close_all(group.fds or ())
        self._groups.clear()
        self._bytes.clear()

    def _claim(self, fd_count: int) -> tuple[int, ...] | None:
        """Give the frame at the offset its descriptors: they come with its first byte."""
        if fd_count == 0:
            return ()
        if not self._groups or not self._groups[0].start <= self._offset < self._groups[0].end:
            return None
        fds = self._groups.pop(0).fds
        if fds is not None and len(fds) != fd_count:
            close_all(fds)
            return None
        return fds

    def _close_unclaimed(self) -> None:
        while self._groups and self._groups[0].end <= self._offset:
            close_all(self._groups.pop(0).fds or ())


class _Group:
    """Descriptors that one receive gave, and the piece of the stream they came with. None: some were dropped."""

    __slots__ = ("end", "fds", "start")

    def __init__(self, start: int, end: int, fds: tuple[int, ...] | None) -> None:
        self.start = start
        self.end = end
        self.fds = fds


def close_all(fds: Iterable[int]) -> None:
    """Close each."""
    for fd in fds:
        os.close(fd)
