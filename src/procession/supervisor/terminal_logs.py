"""Writing what comes through terminals into logs: there a task cannot do it itself."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable

logger = logging.getLogger("procession.task")


class TerminalLogs:
    """Appends to the log that ``path_of`` names for a task; None for one whose output is not kept.

    ``on_failure`` hears once of each log that cannot be written any more; the task goes on.
    """

    def __init__(
        self, path_of: Callable[[str], str | None], on_failure: Callable[[str, str, OSError], None] | None = None
    ) -> None:
        self._path_of = path_of
        self._on_failure = on_failure or _complain
        self._open: dict[str, int | None] = {}

    def keep(self, task: str, _stream: str, data: bytes) -> None:
        """Append a piece of output."""
        descriptor = self._descriptor(task)
        if descriptor is None:
            return
        try:
            _append(descriptor, data)
        except OSError as error:
            self._give_up(task, error)

    def close_one(self, task: str) -> None:
        """Close the log of a task that is over."""
        descriptor = self._open.pop(task, None)
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def close(self) -> None:
        """Close all logs."""
        for task in tuple(self._open):
            self.close_one(task)

    def _descriptor(self, task: str) -> int | None:
        if task in self._open:
            return self._open[task]
        path = self._path_of(task)
        self._open[task] = None
        if path is not None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                self._open[task] = os.open(path, flags, 0o600)
            except OSError as error:
                self._on_failure(task, path, error)
        return self._open[task]

    def _give_up(self, task: str, error: OSError) -> None:
        self.close_one(task)
        self._open[task] = None
        self._on_failure(task, self._path_of(task) or "", error)


def _append(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _complain(task: str, path: str, error: OSError) -> None:
    logger.error("what %s prints is kept no further in %s: %s", task, path, error.strerror)
