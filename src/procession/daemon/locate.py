"""Finding the daemon that answers now. Light, because every verb of the command line begins with it.

Not here: starting one (``start``).
"""

from __future__ import annotations

from procession.daemon.listen import connect
from procession.daemon.lock import read_holder
from procession.daemon.paths import Paths
from procession.daemon.peer import check_server


def find_socket(paths: Paths) -> str | None:
    """Give the socket at which a daemon of ours answers now, None if none does. Raises: ForeignPeer, OSError."""
    holder = read_holder(paths)
    for path in dict.fromkeys([paths.api_socket, holder.api_socket] if holder else [paths.api_socket]):
        try:
            with connect(path, timeout_s=5) as connection:
                check_server(connection)
                return path
        except (FileNotFoundError, ConnectionRefusedError, TimeoutError, BlockingIOError):
            continue
    return None
