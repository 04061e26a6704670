"""A connection to the daemon's socket, whose owner is checked before a byte is sent: it must be us."""

from __future__ import annotations

import os
import socket
import struct

from procession.errors import DaemonUnavailable, ForeignPeer
from procession.kernel.unix_address import short_address

_CREDENTIALS = struct.Struct("3i")
_CONNECT_LIMIT_S = 10.0


def connect_to_ours(path: str) -> socket.socket:
    """Connect to ``path``. Raises: DaemonUnavailable, ForeignPeer."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_LIMIT_S)
        with short_address(path) as address:
            connection.connect(address)
        connection.settimeout(None)
        _check_owner(connection)
    except OSError as error:
        connection.close()
        raise _unavailable(path, error) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _unavailable(path: str, error: OSError) -> DaemonUnavailable:
    if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
        return DaemonUnavailable(path, "none runs", hint="start one: `procession daemon start`")
    return DaemonUnavailable(path, error.strerror or str(error))


def _check_owner(connection: socket.socket) -> None:
    _, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    if uid != os.geteuid():
        raise ForeignPeer(uid)
