"""The last thing a task printed, for a table that shows what each is doing. Bounded, and drawn only when looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.model.text import printable
from procession.streams.shown import shown
from procession.supervisor.log_tail import read_log_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEPT_BYTES = 4096


class LastLine:
    """Keeps the end of each stream; gives the last line that is not empty, as a terminal would leave it.

    ``logs`` are files the task writes without us: they are looked into when the line is asked for.
    """

    def __init__(self, logs: Sequence[str] = ()) -> None:
        self._logs = logs
        self._tails: dict[str, bytes] = {}
        self._latest = ""
        self._text: str | None = None

    def feed(self, stream: str, data: bytes) -> None:
        """Take a piece of output."""
        self._tails[stream] = (self._tails.get(stream, b"") + data[-_KEPT_BYTES:])[-_KEPT_BYTES:]
        if not data.isspace():
            self._latest = stream

    @property
    def text(self) -> str | None:
        """The last line that is not empty, finished or not; None when there was none yet."""
        tail = self._tails.get(self._latest) or read_log_tail(self._logs, _KEPT_BYTES)
        for line in reversed(tail.split(b"\n")) if tail else ():
            visible = shown(line).decode("utf-8", "replace").strip()
            if visible:
                self._text = printable(visible)
                break
        return self._text

    def finish(self) -> None:
        """Remember the line alone: nothing more will be printed."""
        _ = self.text
        self._tails.clear()
        self._logs = ()
