"""Finding the daemon that answers now. Light, because every verb of the command line begins with it.

Not here: starting one (``start``).
"""

from __future__ import annotations

import os

from procession.daemon.listen import connect
from procession.daemon.lock import read_holder
from procession.daemon.paths import Paths, find_paths
from procession.daemon.peer import check_server
from procession.daemon.places import api_socket


def guess_socket() -> str:
    """Give where the daemon of this user and environment answers, if it does: nobody is asked."""
    return next((path for path in _candidates(find_paths()) if os.path.exists(path)), api_socket())


def find_socket(paths: Paths) -> str | None:
    """Give the socket at which a daemon of ours answers now, None if none does. Raises: ForeignPeer, OSError."""
    for path in _candidates(paths):
        try:
            with connect(path, timeout_s=5) as connection:
                check_server(connection)
                return path
        except (FileNotFoundError, ConnectionRefusedError, TimeoutError, BlockingIOError):
            continue
    return None


def _candidates(paths: Paths) -> list[str]:
    """List where it belongs, and where one says it is that was started in another environment."""
    holder = read_holder(paths)
    return list(dict.fromkeys([paths.api_socket, holder.api_socket] if holder else [paths.api_socket]))
