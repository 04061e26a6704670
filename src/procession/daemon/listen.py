"""A unix socket for us alone: mode 0600 from its first instant, in a directory of mode 0700, never an abstract name.

An old socket is replaced only by who holds the lock, and only when nobody answers there.
Not here: who may speak (``peer``), and what is answered.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator

from procession.daemon.peer import peer_of
from procession.daemon.private import check_owner, check_private
from procession.errors import DaemonRunning, UnsafePath
from procession.kernel.unix_address import short_address


@contextlib.contextmanager
def listen_privately(path: str, backlog: int = 512) -> Iterator[socket.socket]:
    """Listen at ``path`` inside the block; afterwards its name is gone. The caller holds the lock.

    Raises: UnsafePath; DaemonRunning: somebody answers there, lock or not; OSError.
    """
    check_private(os.path.dirname(path))
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind(listening, path)
        inode = os.lstat(path).st_ino
        listening.listen(backlog)
        listening.setblocking(False)
        yield listening
        _unlink_own(path, inode)
    finally:
        listening.close()


def connect(path: str, timeout_s: float | None = None) -> socket.socket:
    """Connect to the socket at ``path``, however long its name. The caller checks the peer. Raises: OSError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        with short_address(path) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def _bind(listening: socket.socket, path: str) -> None:
    # The mask is the whole process's: this is called once, before there is any other thread.
    mask = os.umask(0o177)
    try:
        with short_address(path) as address:
            listening.bind(address)
    finally:
        os.umask(mask)


def _remove_stale(path: str) -> None:
    try:
        facts = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(facts.st_mode):
        raise UnsafePath(path, "it is no socket", hint="move it away")
    check_owner(path, facts)
    with contextlib.suppress(ConnectionRefusedError), connect(path, timeout_s=1) as connection:
        raise DaemonRunning(os.path.dirname(path), peer_of(connection).pid)
    os.unlink(path)


def _unlink_own(path: str, inode: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        if os.lstat(path).st_ino == inode:
            os.unlink(path)
