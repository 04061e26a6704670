"""A file that is there whole or not at all, whatever happens meanwhile. Standard library only: tasks use it, too."""

from __future__ import annotations

import contextlib
import os
import time

TEMPORARY_SUFFIX = ".tmp"
STALE_S = 60.0


def write_whole(path: str, content: bytes) -> None:
    """Put a file of this content at ``path``, for us alone, at one instant and to stay there. Raises: OSError."""
    unfinished = f"{path}.{os.getpid()}.{os.urandom(4).hex()}{TEMPORARY_SUFFIX}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def sync_directory(path: str) -> None:
    """See that what was renamed in a directory has its new name even after a power cut. Raises: OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unfinished(directory: str) -> None:
    """Remove what somebody who was killed while writing has left; what is young may still be written."""
    for name in os.listdir(directory):
        if name.endswith(TEMPORARY_SUFFIX):
            path = os.path.join(directory, name)
            with contextlib.suppress(OSError):
                if os.lstat(path).st_mtime < time.time() - STALE_S:
                    os.unlink(path)
