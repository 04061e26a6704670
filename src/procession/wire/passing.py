"""Bytes with descriptors over a unix socket: one call sends them, one receives them, none waits.

A frame with descriptors is one send, so that they travel with its first byte. Not here: whose turn it is.
Source: unix(7), cmsg(3).
"""

from __future__ import annotations

import _socket
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FDS_LIMIT = 253  # SCM_MAX_FD
_RECEIVE_BYTES = 65536
_ANCILLARY_BYTES = _socket.CMSG_SPACE(FDS_LIMIT * 4)


class Received:
    """What one receive gave. No bytes mean the end. ``is_truncated``: the kernel had no room for all descriptors."""

    __slots__ = ("data", "fds", "is_truncated")

    def __init__(self, data: bytes, fds: tuple[int, ...], is_truncated: bool) -> None:  # noqa: FBT001 - a plain record
        """Keep them."""
        self.data = data
        self.fds = fds
        self.is_truncated = is_truncated


def send(socket: _socket.socket, data: bytes | memoryview, fds: Sequence[int] = ()) -> int:
    """Send as much as there is room for, the descriptors with the first byte; give how many bytes. Raises: OSError."""
    if not fds:
        return socket.send(data)
    packed = struct.pack(f"{len(fds)}i", *fds)
    return socket.sendmsg([data], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)])


def receive(socket: _socket.socket) -> Received:
    """Receive what is there; its descriptors are ours then, and close on exec. Raises: OSError, BlockingIOError."""
    data, ancillary, flags, _ = socket.recvmsg(_RECEIVE_BYTES, _ANCILLARY_BYTES, _socket.MSG_CMSG_CLOEXEC)
    fds: tuple[int, ...] = ()
    for level, kind, packed in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds += struct.unpack(f"{len(packed) // 4}i", packed[: len(packed) // 4 * 4])
    return Received(data, fds, bool(flags & _socket.MSG_CTRUNC))


def peer_of(socket: _socket.socket) -> tuple[int, int]:
    """Give the pid and the uid of who connected, or made the pair. Raises: OSError."""
    pid, uid, _ = struct.unpack("3i", socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))
    return pid, uid
