"""A stream of events that goes on where it was after a break: which request comes next, and when it is over."""

from __future__ import annotations

from msgspec.structs import replace

from procession.client.http import BrokenTalk, Request
from procession.client.sse import EventParser, ServerEvent

END = "end"
"""The last event of a stream that has one."""


class Resuming:
    """One stream through as many connections as it takes. With ``follow`` it is over only when END came."""

    def __init__(self, request: Request, *, follow: bool) -> None:
        self._request = request
        self._follow = follow
        self._parser = EventParser()
        self.is_over = False

    def next_request(self) -> Request:
        """Give the request that goes on after the last event seen."""
        self._parser.begin_anew()
        return replace(self._request, last_event_id=self._parser.last_id)

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Give the events that ``data`` completes."""
        events = self._parser.feed(data)
        self.is_over = self.is_over or any(event.name == END for event in events)
        return events

    def finish(self) -> None:
        """The server closed the stream properly. Raises: BrokenTalk: when it should have gone on."""
        if self._follow and not self.is_over:
            raise BrokenTalk("the daemon ended the stream")
        self.is_over = True
