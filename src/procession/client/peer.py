"""A connection to the daemon's socket, whose owner is checked before a byte is sent: it must be us."""

from __future__ import annotations

import socket

from procession.daemon.listen import connect
from procession.daemon.peer import check_server
from procession.errors import DaemonUnavailable

_CONNECT_LIMIT_S = 10.0


def connect_to_ours(path: str) -> socket.socket:
    """Connect to ``path``. Raises: DaemonUnavailable, ForeignPeer."""
    try:
        connection = connect(path, timeout_s=_CONNECT_LIMIT_S)
    except OSError as error:
        raise _unavailable(path, error) from None
    try:
        check_server(connection)
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection


def _unavailable(path: str, error: OSError) -> DaemonUnavailable:
    if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
        return DaemonUnavailable(path, "none runs", hint="start one: `procession daemon start`")
    return DaemonUnavailable(path, error.strerror or str(error))
