"""A directory of this process alone, for the sockets of what it starts; there as long as one of them is."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import tempfile

from procession.kernel.unix_address import short_address
from procession.wire.notice_socket import open_notice_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket

_numbers = itertools.count(1)
_name = f"procession-{os.urandom(6).hex()}"


def private_socket_path() -> str:
    """Give a path for one more socket, in a directory that exists. Raises: OSError: it is not ours."""
    directory = os.path.join(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir(), f"{_name}-{os.getpid()}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(directory, 0o700)
    facts = os.lstat(directory)
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise OSError(0, "it is not ours alone", directory)
    return os.path.join(directory, str(next(_numbers)))


def listen_at(path: str) -> _socket.socket:
    """Open the socket of one process at ``path``. Raises: OSError."""
    with short_address(path) as address:
        return open_notice_socket(address)


def forget_socket(path: str) -> None:
    """Remove the name of a socket that nobody hears any more, and its directory after the last one."""
    with contextlib.suppress(OSError):
        os.unlink(path)
        if os.path.basename(os.path.dirname(path)).startswith(_name):
            os.rmdir(os.path.dirname(path))
