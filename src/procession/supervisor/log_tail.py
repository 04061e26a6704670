"""A look at the end of log files, for people. Whoever must have every byte follows the log (``procession.streams``)."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from procession.model.stdio import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.model.command import Command


def log_paths(command: Command) -> tuple[str, ...]:
    """Name the logs that ``command`` writes."""
    return tuple(each.path for each in (command.stdout, command.stderr) if isinstance(each, Log))


def read_log_tail(paths: Sequence[str], size_bytes: int) -> bytes:
    """Give the last bytes of the log written to last; nothing where there is no regular file yet."""
    return max((_tail(path, size_bytes) for path in paths), default=(0, b""))[1] if paths else b""


def _tail(path: str, size_bytes: int) -> tuple[int, bytes]:
    try:
        if os.stat(path).st_size == 0:  # most logs of errors, and all of silent jobs
            return 0, b""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return 0, b""
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return 0, b""
        return facts.st_mtime_ns, os.pread(descriptor, size_bytes, max(facts.st_size - size_bytes, 0))
    except OSError:
        return 0, b""
    finally:
        os.close(descriptor)
