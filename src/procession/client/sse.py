"""Server-sent events out of bytes, however they were cut; and the id from which a broken stream goes on."""

from __future__ import annotations

import re

from msgspec import Struct

_LINE = re.compile(rb"\r\n|\n|\r")


class ServerEvent(Struct, frozen=True):
    """One event: its word, its data, and the id from which a stream goes on after it."""

    name: str
    data: str
    id: str | None


class EventParser:
    """Feed it bytes; it gives the events they complete. ``last_id`` outlives a break, unfinished events do not."""

    def __init__(self) -> None:
        self.last_id: str | None = None
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._id: str | None = None

    def begin_anew(self) -> None:
        """Forget what was unfinished: a new connection begins."""
        self._rest, self._name, self._data, self._id = b"", "", [], None

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Give the events that ``data`` completes."""
        data = self._rest + data
        # A CR at the very end may be the first half of CR LF: it is looked at with what follows.
        held = 1 if data.endswith(b"\r") else 0
        *lines, rest = _LINE.split(data[: len(data) - held])
        self._rest = rest + data[len(data) - held :]
        found = (self._take(line.decode("utf-8", "replace")) for line in lines)
        return [event for event in found if event is not None]

    def _take(self, line: str) -> ServerEvent | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> ServerEvent | None:
        if self._id is not None:
            self.last_id = self._id
        event = ServerEvent(self._name or "message", "\n".join(self._data), self._id) if self._data else None
        self._name, self._data, self._id = "", [], None
        return event
