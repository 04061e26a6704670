"""Addresses of unix sockets that are longer than the kernel's field for them, which holds 107 bytes.

A longer path is reached through a descriptor on its directory, ``/proc/self/fd/N/name``: the same file, a shorter name.
Not here: creating, guarding or answering sockets. See docs/design/gotchas.md, "A socket's path holds 107 bytes".
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Final

ADDRESS_LIMIT_BYTES: Final = 107


@contextlib.contextmanager
def short_address(path: str) -> Iterator[str]:
    """Give an address for ``path`` to bind or connect to inside the block. Raises: OSError: no directory, long name."""
    if len(os.fsencode(path)) <= ADDRESS_LIMIT_BYTES:
        yield path
        return
    directory, name = os.path.split(path)
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        address = f"/proc/self/fd/{descriptor}/{name}"
        if len(os.fsencode(address)) > ADDRESS_LIMIT_BYTES:
            raise OSError(errno.ENAMETOOLONG, f"the name alone is too long for a socket: {name}", path)
        yield address
    finally:
        os.close(descriptor)
