"""HTTP/1.1 without any I/O: requests become bytes, bytes become replies. Both doors (blocking, async) share it.

Not here: sockets (``door``, ``async_door``), and what is asked for (``asks``).
"""

from __future__ import annotations

import h11
from msgspec import Struct

JSON = "application/json"
EVENT_STREAM = "text/event-stream"


class Request(Struct, frozen=True, kw_only=True):
    """What goes to the daemon. ``key`` makes it happen once, however often it is sent."""

    method: str
    target: str
    body: bytes = b""
    key: str | None = None
    accept: str = JSON
    last_event_id: str | None = None


class Reply(Struct, frozen=True, kw_only=True):
    """What came back, whole."""

    status: int
    content_type: str
    body: bytes


class BrokenTalk(Exception):
    """The other end stopped in the middle, or does not speak HTTP. The doors make a ConnectionLost of it."""


class Conversation:
    """One connection: as many exchanges as both ends like, one after the other."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.CLIENT)

    def ask(self, request: Request) -> bytes:
        """Give the bytes of a request. The exchange before it must be complete."""
        if self._connection.our_state is h11.DONE:
            self._connection.start_next_cycle()
        send = self._connection.send
        head = h11.Request(method=request.method, target=request.target.encode("ascii"), headers=_headers(request))
        parts = [send(head), send(h11.Data(data=request.body)) if request.body else b"", send(h11.EndOfMessage())]
        return b"".join(part or b"" for part in parts)

    def hear(self, data: bytes) -> list[h11.Response | h11.Data | h11.EndOfMessage]:
        """Take what was received (nothing: the end) and give what it completes. Raises: BrokenTalk."""
        heard: list[h11.Response | h11.Data | h11.EndOfMessage] = []
        try:
            self._connection.receive_data(data)
            while True:
                event = self._connection.next_event()
                if isinstance(event, (h11.Response, h11.Data, h11.EndOfMessage)):
                    heard.append(event)
                if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.EndOfMessage):
                    return heard
                if isinstance(event, h11.ConnectionClosed):
                    raise BrokenTalk("it was closed before the reply")
        except h11.RemoteProtocolError as error:
            raise BrokenTalk(str(error)) from None

    @property
    def can_go_on(self) -> bool:
        """Whether another request may follow on this connection."""
        return self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE


class Gathering:
    """A reply as it comes in; ``pieces`` hands out its body so far, for streams."""

    def __init__(self) -> None:
        self.status = 0
        self.is_complete = False
        self._content_type = ""
        self._pieces: list[bytes] = []

    def take(self, heard: list[h11.Response | h11.Data | h11.EndOfMessage]) -> None:
        """Add what was heard."""
        for event in heard:
            if isinstance(event, h11.Response):
                self.status = event.status_code
                self._content_type = dict(event.headers).get(b"content-type", b"").decode("latin-1")
            elif isinstance(event, h11.Data):
                self._pieces.append(bytes(event.data))
            else:
                self.is_complete = True

    def pieces(self) -> bytes:
        """Give what came of the body since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data

    def reply(self) -> Reply:
        """Give the whole, once it is complete."""
        return Reply(status=self.status, content_type=self._content_type, body=b"".join(self._pieces))


def _headers(request: Request) -> list[tuple[str, str]]:
    headers = [("Host", "procession"), ("Accept", request.accept)]
    if request.body:
        headers += [("Content-Type", JSON)]
    if request.method != "GET":
        headers += [("Content-Length", str(len(request.body)))]
    if request.key is not None:
        headers += [("Idempotency-Key", request.key)]
    if request.last_event_id is not None:
        headers += [("Last-Event-ID", request.last_event_id)]
    return headers
