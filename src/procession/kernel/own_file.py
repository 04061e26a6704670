"""Reading a plain file of our own, whoever may have put something else in its place.

Not here: what is written in it, and whether that can be believed.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Final


class Foreign(ValueError):
    """It is no plain file of ours, or a file of no use; the message says why."""


_SAYINGS: Final = {
    errno.ELOOP: "it is a symbolic link",
    errno.ENXIO: "it is no plain file",
    errno.EACCES: "it may not be read",
}


def read_own(path: str, limit_bytes: int, *, is_private: bool = False) -> bytes:
    """Read all of a plain file; nothing else holds us up. ``is_private``: nobody else may be able to write to it.

    Raises: Foreign: that is none, or a larger one; OSError: what says nothing about the file itself.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _SAYINGS:
            raise Foreign(_SAYINGS[error.errno]) from None
        raise
    try:
        _check(os.fstat(descriptor), limit_bytes, is_private=is_private)
        return _read_all(descriptor, limit_bytes)
    finally:
        os.close(descriptor)


def _check(facts: os.stat_result, limit_bytes: int, *, is_private: bool) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise Foreign("it is no plain file")
    if facts.st_uid != os.geteuid():
        raise Foreign(f"it belongs to user {facts.st_uid}")
    if is_private and facts.st_mode & 0o022:
        raise Foreign("others may write to it")
    if facts.st_size > limit_bytes:
        raise Foreign(_too_large(limit_bytes))


def _read_all(descriptor: int, limit_bytes: int) -> bytes:
    """Read on until there is no more: one read may give less than there is, and it may grow meanwhile."""
    content = bytearray()
    while piece := os.read(descriptor, limit_bytes + 1 - len(content)):
        content += piece
        if len(content) > limit_bytes:
            raise Foreign(_too_large(limit_bytes))
    return bytes(content)


def _too_large(limit_bytes: int) -> str:
    return f"it is larger than {limit_bytes:,} bytes"
