"""A file that is there whole or not at all, whatever happens meanwhile. Standard library only: tasks use it, too."""

from __future__ import annotations

import os

TEMPORARY_SUFFIX = ".tmp"


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
