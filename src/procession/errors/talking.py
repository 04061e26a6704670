"""A program and we talk, and something of it cannot be: the message, the channel, the answer."""

from __future__ import annotations

from procession.errors.root import ProcessionError


class TalkError(ProcessionError):
    """A message was not sent, or a question not answered. ``pid`` is of the program at the other end, where known."""

    code = "talk_error"
    pid: int | None = None


class Disconnected(TalkError):
    """The channel is closed: by us, by the other side, or by its end. What was not sent yet is not sent."""

    code = "disconnected"


class InvalidMessage(TalkError, ValueError):
    """JSON cannot carry this value (NaN, a cycle, bytes …), or its meaning is reserved. Nothing was written."""

    code = "invalid_message"


class MessageTooLarge(TalkError, ValueError):
    """The message has more bytes than the channel takes. Nothing was written."""

    code = "message_too_large"
    size_bytes: int
    limit_bytes: int


class RequestTimedOut(TalkError, TimeoutError):
    """No answer came in time. ``timeout_s`` is how long was waited; a later answer is dropped."""

    code = "request_timed_out"
    timeout_s: float


class RequestRefused(TalkError):
    """The other side says that it cannot answer; the message is its own."""

    code = "request_refused"


class InvalidMarker(ProcessionError):
    """The marker at ``path`` says nothing that can be believed: torn, foreign, too large; ``reason`` says which."""

    code = "invalid_marker"
    path: str
    reason: str
