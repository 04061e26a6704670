"""`up --json`: one event per line on standard output, nothing else there, the summary last.

The form is a contract with scripts: keys are added, never renamed or removed. A task's output comes as events too, a
line each, with its offset in the task's log.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from procession.cli.complaints import remark
from procession.cli.line_cutter import LineCutter
from procession.model.text import encodable

if TYPE_CHECKING:
    from procession.cli.line_cutter import PrintedLine
    from procession.cli.outlet import Outlet
    from procession.cli.summary import Summary
    from procession.cli.tail import Printed
    from procession.model.event import Event

encoder = msgspec.json.Encoder()

_ALSO_ESCAPED = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
"""What JSON allows in a string, and some readers take for the end of a line or some terminals for a command."""


class JsonLines:
    """The view for programs."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._cutter = LineCutter()

    def pause(self) -> None:
        """Nothing here touches the terminal."""

    def close(self) -> None:
        """Nothing to tidy."""

    wants_output = True

    def show_event(self, event: Event) -> None:
        """Write an event as it is."""
        self._outlet.put(json_line(event.as_dict()))

    async def show_output(self, printed: Printed) -> None:
        """Write each line of a task as an event."""
        common = {"event": "output", "at": time.time(), "task": printed.task, "stream": printed.stream}
        lines = self._cutter.cut(printed)
        self._outlet.put(b"".join(json_line(common | _facts_of(line)) for line in lines))
        await self._outlet.wait_for_room()

    def notice(self, sentence: str) -> None:
        """Say it on stderr: standard output is for events alone."""
        remark(sentence)

    def show_summary(self, summary: Summary) -> None:
        """Write the last line."""
        self._outlet.put(json_line(summary.as_dict()))


def json_line(values: dict[str, Any]) -> bytes:
    """Give one line of JSON; bytes that were no text become backslash escapes."""
    encoded = encoder.encode(encodable(values))
    if not encoded.isascii():
        encoded = _ALSO_ESCAPED.sub(_escape, encoded)
    return encoded + b"\n"


def _escape(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match[0].decode())


def _facts_of(line: PrintedLine) -> dict[str, Any]:
    """Give a line as text; its exact bytes beside it where it is no UTF-8, and a mark where it was not a whole line."""
    if line.dropped_bytes:
        return {"offset": line.offset, "dropped_bytes": line.dropped_bytes}
    facts: dict[str, Any] = {"offset": line.offset, "text": line.data.decode("utf-8", "replace")}
    if facts["text"].encode() != line.data:
        facts["base64"] = b64encode(line.data).decode()
    return facts if line.is_whole else facts | {"partial": True}
