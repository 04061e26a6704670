"""Whether there is room for a log: noticing a full disk and its end, and saying each once.

Not here: doing something about it. The bound of a log (``log``) keeps one log from filling the disk.
"""

import errno
import os
from collections.abc import Callable
from typing import Final

from msgspec import Struct

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class LogDiskFull(Struct, frozen=True):
    """There is no room where ``path`` lies: what the child writes now fails, and the child is told so."""

    path: str
    free_bytes: int


class LogDiskRecovered(Struct, frozen=True):
    """There is room again where ``path`` lies."""

    path: str


class LogNotBounded(Struct, frozen=True):
    """The filesystem of ``path`` cannot punch holes: the log is whole and grows beyond its limit."""

    path: str


class LogUnwritable(Struct, frozen=True):
    """Noting or bounding the log ``path`` fails for a reason other than room; it is tried again."""

    path: str
    error: str


LogFact = LogDiskFull | LogDiskRecovered | LogNotBounded | LogUnwritable
OnFact = Callable[[LogFact], object]


class RoomWatch:
    """Tells ``on_fact`` once when an episode begins and once when it ends."""

    __slots__ = ("_is_unwritable", "_path", "_tell", "is_full")

    def __init__(self, path: str, on_fact: OnFact) -> None:
        self._path, self._tell = path, on_fact
        self.is_full = False
        self._is_unwritable = False

    @property
    def is_troubled(self) -> bool:
        """Whether an episode lasts: its end causes no event, so somebody has to look for it."""
        return self.is_full or self._is_unwritable

    def look(self, free_bytes: int, error: OSError | None) -> None:
        """Judge the room there is and ``error``, with which a write beside the log ended just now."""
        if free_bytes and error is None and not self.is_troubled:
            return
        was_full, self.is_full = self.is_full, free_bytes == 0 or (error is not None and error.errno in _NO_ROOM)
        if self.is_full and not was_full:
            self._tell(LogDiskFull(self._path, free_bytes))
        elif was_full and not self.is_full:
            self._tell(LogDiskRecovered(self._path))
        was_unwritable, self._is_unwritable = self._is_unwritable, error is not None and not self.is_full
        if self._is_unwritable and not was_unwritable:
            self._tell(LogUnwritable(self._path, str(error)))


def free_bytes(fd: int) -> int:
    """Return the room on the filesystem of ``fd``; 1 if it does not say, which is no full disk."""
    try:
        facts = os.fstatvfs(fd)
    except OSError:
        return 1
    # Some blocks are kept back for root, to whom they are free.
    return (facts.f_bfree if os.geteuid() == 0 else facts.f_bavail) * facts.f_frsize
