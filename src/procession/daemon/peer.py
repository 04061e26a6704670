"""Who is at the other end of a unix socket. The kernel says so; no name on a file could.

Both ends ask: a daemon answers its own user (and root, who could do everything anyway), a client speaks to no daemon
of somebody else, who might have put a socket in our way.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Final, NamedTuple

from procession.errors import ForeignPeer

_CREDENTIALS: Final = struct.Struct("3i")


class Peer(NamedTuple):
    """The process that connected, or that listens, as it was when it did."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> Peer:
    """Say who is at the other end. Raises: OSError: it is no connected unix socket."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(raw))


def check_client(connection: socket.socket) -> Peer:
    """Give the client, if it may speak to us: our own user, or root. Raises: ForeignPeer."""
    peer = peer_of(connection)
    if peer.uid not in (os.geteuid(), 0):
        raise ForeignPeer(peer.uid)
    return peer


def check_server(connection: socket.socket) -> Peer:
    """Give the server, if it is our own. Not that of root: it would see what is ours. Raises: ForeignPeer."""
    peer = peer_of(connection)
    if peer.uid != os.geteuid():
        raise ForeignPeer(peer.uid)
    return peer
