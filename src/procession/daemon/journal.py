"""The journal of systemd as a place for log records, each event with fields of its own, where there is one.

Source: systemd's "Native Journal Protocol": datagrams of ``NAME=value`` lines; a value with line ends as its length in
eight bytes, little end first, and the value. Why not its library: docs/decisions/0016-writing-to-the-journal.md.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
from typing import Final

SOCKET: Final = "/run/systemd/journal/socket"
_LONGEST: Final = 32_768
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


class JournalHandler(logging.Handler):
    """Sends records to the journal at ``path``. What it does not take is lost: nobody waits for it."""

    def __init__(self, path: str = SOCKET) -> None:
        super().__init__()
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; an event in its ``extra`` brings its word, its task and its attempt."""
        fields = {
            "MESSAGE": self.format(record)[:_LONGEST],
            "PRIORITY": str(next((word for level, word in _PRIORITIES if record.levelno >= level), 7)),
            "SYSLOG_IDENTIFIER": "procession",
            "LOGGER": record.name,
        }
        event = getattr(record, "event", None)
        if event is not None:
            told = {"PROCESSION_EVENT": event.name, "PROCESSION_TASK": event.task, "PROCESSION_ATTEMPT": event.attempt}
            fields |= {name: str(value) for name, value in told.items() if value is not None}
        with contextlib.suppress(OSError):
            self._socket.sendto(b"".join(_line(name, value) for name, value in fields.items()), self._path)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()


def log_to_journal(path: str = SOCKET) -> JournalHandler | None:
    """Have every lifecycle event in the journal, if there is one; gives the handler, or None."""
    if not os.path.exists(path):
        return None
    handler = JournalHandler(path)
    tasks = logging.getLogger("procession.task")
    tasks.setLevel(logging.INFO)
    tasks.addHandler(handler)
    return handler


def _line(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
