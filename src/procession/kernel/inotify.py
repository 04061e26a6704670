"""inotify(7): being told that a file changed, without looking.

One object is one inotify descriptor: non-blocking, close-on-exec, usable in any event loop, and no thread. The
functions are not in the standard library, hence ctypes. Not here: who wants to know what (``streams.watch``).
Limits of the kernel: 128 descriptors per user by default, 16,384 queued events, then one IN_Q_OVERFLOW.
"""

import asyncio
import ctypes
import os
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple, Self

from procession.kernel.waiters import wake

IN_MODIFY: Final = 0x2
IN_CLOSE_WRITE: Final = 0x8
IN_MOVED_TO: Final = 0x80
IN_CREATE: Final = 0x100
IN_Q_OVERFLOW: Final = 0x4000
IN_IGNORED: Final = 0x8000
IN_MASK_ADD: Final = 0x2000_0000
IN_ONESHOT: Final = 0x8000_0000

_HEADER: Final = struct.Struct("iIII")
_READ_BYTES: Final = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


class InotifyEvent(NamedTuple):
    """One event. ``name`` is the entry in a watched directory, empty for a watched file."""

    wd: int
    mask: int
    cookie: int
    name: str

    @property
    def is_overflow(self) -> bool:
        """True if the kernel dropped events: whatever is watched may have changed (``wd`` is -1)."""
        return bool(self.mask & IN_Q_OVERFLOW)


class Inotify:
    """An inotify descriptor; a context manager.

    Raises :class:`OSError`: EMFILE when the user has no inotify instances or descriptors left, ENOSYS where there
    is no inotify.
    """

    def __init__(self) -> None:
        self.fd = -1
        self.fd = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))

    def add(self, path: str | bytes | os.PathLike[str], mask: int) -> int:
        """Watch ``path`` for the events in ``mask``; return the watch descriptor.

        The same file gives the same descriptor, and without IN_MASK_ADD the new mask replaces the old.
        Raises :class:`OSError` with the path: ENOENT, EACCES, ENOSPC when the user has no watches left.
        """
        name = os.fsencode(path)
        wd = _libc.inotify_add_watch(self.fd, ctypes.c_char_p(name), ctypes.c_uint32(mask))
        return _checked(wd, os.fsdecode(name))

    def remove(self, wd: int) -> None:
        """End a watch. Raises :class:`OSError` (EINVAL) if it has ended by itself, as when the file was deleted."""
        _checked(_libc.inotify_rm_watch(self.fd, wd))

    def read(self) -> list[InotifyEvent]:
        """Return the events that are there now, perhaps none; never blocks."""
        try:
            return list(_parse(os.read(self.fd, _READ_BYTES)))
        except BlockingIOError:
            return []

    async def wait(self) -> list[InotifyEvent]:
        """Return the next events, at least one, waiting in the running event loop. One waiter at a time."""
        loop = asyncio.get_running_loop()
        while not (events := self.read()):
            readable = loop.create_future()
            loop.add_reader(self.fd, wake, readable)
            try:
                await readable
            finally:
                loop.remove_reader(self.fd)
        return events

    def close(self) -> None:
        """End all watches and give the descriptor back. May be called again."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _parse(data: bytes) -> Iterator[InotifyEvent]:
    position = 0
    while position < len(data):
        wd, mask, cookie, size = _HEADER.unpack_from(data, position)
        position += _HEADER.size
        # The kernel pads the name with NULs up to the next header.
        yield InotifyEvent(wd, mask, cookie, os.fsdecode(data[position : position + size].rstrip(b"\0")))
        position += size


def _checked(result: int, path: str | None = None) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return result
