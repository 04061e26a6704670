"""The receiving side of sd_notify(3): a datagram socket, and one datagram with its sender and descriptors.

Standard library only: a keeper reads them, too. Not here: what is said. Source: unix(7), systemd's sd_notify(3).
"""

from __future__ import annotations

import _socket
import os
import struct

from procession.wire.frames import close_all
from procession.wire.passing import FDS_LIMIT

DATAGRAM_LIMIT_BYTES = 1 << 16

_SOCK_CLOEXEC_NONBLOCK = _socket.SOCK_CLOEXEC | _socket.SOCK_NONBLOCK
_SCM_CREDENTIALS = 2
_CREDENTIALS = struct.Struct("3i")
_ANCILLARY_BYTES = _socket.CMSG_SPACE(_CREDENTIALS.size) + _socket.CMSG_SPACE(FDS_LIMIT * 4)
_SO_PASSCRED = 16
_BARRIER = b"BARRIER=1"
_STORE = b"FDSTORE=1"

NOTIFY = "notify"
"""Under this name such a socket is held."""


class Datagram:
    """What one process said: its bytes, who it says it is (the kernel has checked that), and what came with it."""

    __slots__ = ("data", "fds", "pid", "uid")

    def __init__(self, data: bytes, pid: int, uid: int, fds: tuple[int, ...] = ()) -> None:
        """Keep them."""
        self.data = data
        self.pid = pid
        self.uid = uid
        self.fds = fds


def open_notice_socket(path: str) -> _socket.socket:
    """Make a socket at ``path``, for us alone from its first instant, in a directory that exists. Raises: OSError."""
    listening = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _SOCK_CLOEXEC_NONBLOCK)
    try:
        listening.setsockopt(_socket.SOL_SOCKET, _SO_PASSCRED, 1)
        os.fchmod(listening.fileno(), 0o600)  # before bind, which takes the mode from here: the mask is not ours to set
        listening.bind(path)
    except BaseException:
        listening.close()
        raise
    return listening


def receive_datagram(listening: _socket.socket) -> Datagram | None:
    """Take one, None if there is none. A barrier is answered here: what was said before it has been taken.

    Descriptors that are not to be stored are closed, and what is too long is given without its text.
    """
    try:
        data, ancillary, flags, _ = listening.recvmsg(DATAGRAM_LIMIT_BYTES, _ANCILLARY_BYTES, _socket.MSG_CMSG_CLOEXEC)
    except BlockingIOError:
        return None
    except OSError:
        return None
    pid, uid, fds = 0, -1, ()
    for level, kind, packed in ancillary:
        if level == _socket.SOL_SOCKET and kind == _SCM_CREDENTIALS:
            pid, uid, _ = _CREDENTIALS.unpack(packed[: _CREDENTIALS.size])
        elif level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds += struct.unpack(f"{len(packed) // 4}i", packed[: len(packed) // 4 * 4])
    if flags & _socket.MSG_TRUNC or data.strip() == _BARRIER:
        data = b""
    if fds and _STORE not in data.split(b"\n"):
        close_all(fds)
        fds = ()
    return Datagram(data, pid, uid, fds)
