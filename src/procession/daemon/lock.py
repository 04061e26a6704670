"""One daemon per home: a lock that the kernel takes back when its holder dies, however it dies.

The file also says who holds it and where that one answers, so that a client finds a daemon that was started in an
environment with another runtime directory. Not here: the sockets.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

from procession.daemon.paths import Paths
from procession.errors import DaemonRunning

_READ_BYTES: Final = 8192


class Holder(NamedTuple):
    """Who holds the lock, or held it when it was killed."""

    pid: int
    api_socket: str


@contextlib.contextmanager
def hold_lock(paths: Paths) -> Iterator[None]:
    """Be the only daemon of ``paths.home`` inside the block. Raises: DaemonRunning, OSError."""
    descriptor = _open(paths.lock, os.O_CREAT)
    try:
        if not _try_lock(descriptor):
            holder = _read(descriptor)
            raise DaemonRunning(paths.home, holder.pid if holder else None)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, os.fsencode(f"{os.getpid()}\n{paths.api_socket}\n"), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def read_holder(paths: Paths) -> Holder | None:
    """Say who took the lock last and did not give it back; whether that one still lives, only its socket can tell.

    The lock itself is not tried: for that instant, a daemon that starts would take us for another. Raises: OSError.
    """
    try:
        descriptor = _open(paths.lock, 0)
    except (FileNotFoundError, PermissionError):  # the home may be another user's: its socket will say so
        return None
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _open(path: str, flags: int) -> int:
    return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> Holder | None:
    pid, _, rest = os.fsdecode(os.pread(descriptor, _READ_BYTES, 0)).partition("\n")
    # Without its last line break it was locked just now, and is being written.
    return Holder(int(pid), rest[:-1]) if pid.isdigit() and rest.endswith("\n") else None
