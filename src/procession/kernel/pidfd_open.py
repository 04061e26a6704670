"""Open a process descriptor; apart from `kernel.pidfd` because the keeper imports this, and that is slow to import.

Source: pidfd_open(2).
"""

from __future__ import annotations

import errno
import os

# Newer kernels say ENOENT, older EINVAL, of a number that is a thread's and no process's.
_NO_PROCESS = frozenset({errno.ESRCH, errno.ENOENT, errno.EINVAL})


def open_pidfd(pid: int) -> int | None:
    """Open a descriptor (close-on-exec) for ``pid``; None if there is no such process (any more). Raises: OSError."""
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno in _NO_PROCESS:
            return None
        raise
