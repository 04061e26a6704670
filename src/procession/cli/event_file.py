"""Lifecycle events as JSON lines in a file: for whoever wants to know more than an exit status."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from procession.cli.complaints import remark
from procession.cli.jsonl import json_line
from procession.errors import UsageError

if TYPE_CHECKING:
    from procession.model.event import Event


class EventFile:
    """Appends events to ``path``; a context manager. Raises: UsageError when it cannot be opened."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY, 0o600)
        except OSError as error:
            raise UsageError(f"cannot write events to {path}: {error.strerror}") from None

    def write(self, event: Event) -> None:
        """Append one event. A file that cannot be written any more does not disturb what runs."""
        if self._fd < 0:
            return
        try:
            os.write(self._fd, json_line(event.as_dict()))
        except OSError as error:
            remark(f"no further events are written to {self._path}: {error.strerror}")
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
