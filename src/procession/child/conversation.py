"""Talking with whoever started this program: messages, questions, and the wish that it saves where it stands."""

from __future__ import annotations

import _thread
import atexit
import os
import sys

from procession.child import surroundings
from procession.wire.node_ipc import ANSWER, BODY, HANDLE, REFUSAL, REQUEST, is_internal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterator
    from typing import Any

    from procession.child.line_channel import LineChannel
else:
    from _collections import deque  # what `collections` gives out, without its weight


_RESERVED = frozenset({REQUEST, ANSWER, "cmd"})


class Request:
    """A question from the other side; ``body`` is what it asks. One answer is given, or one refusal."""

    __slots__ = ("_number", "body")

    def __init__(self, number: object, body: Any) -> None:
        self._number = number
        self.body = body

    def answer(self, value: object = None) -> None:
        """Answer. Raises: ValueError, TypeError: JSON has no form for it."""
        _put({ANSWER: self._number, BODY: value})

    def refuse(self, why: str) -> None:
        """Say that there is no answer, and why."""
        _put({ANSWER: self._number, REFUSAL: str(why)})

    def __repr__(self) -> str:
        return f"Request({self.body!r})"


def send(message: object, *, handle: Any = None) -> bool:
    """Send anything that JSON has, and a copy of a socket or descriptor with it. Never waits; at exit all is written.

    False: nobody hears it, or much waits to be sent already, and going on slowly would be kind. Raises: ValueError,
    TypeError: JSON has no form for it, or its meaning is reserved; BlockingIOError: 64 MiB wait already.
    """
    if type(message) is dict and not _RESERVED.isdisjoint(message) and _is_reserved(message):
        raise ValueError(f"the message cannot be sent: {REQUEST}, {ANSWER} and NODE_… belong to the channel itself")
    channel = open_channel()
    if channel is None:
        return False
    if handle is None:
        return channel.put(channel.encode(message))
    return channel.put(*wrap_handle(channel, message, handle))


def messages(*, handles: bool = False) -> Iterator[Any]:
    """Give the messages that come, to the end of the channel; a `Request` among them wants an answer.

    handles: give ``(message, descriptor)`` each; the descriptor is yours then, or None. Else what comes is closed.
    """
    channel = open_channel()
    while channel is not None:
        seen, is_open = channel.reads, channel.is_open
        while (arrived := take_arrived()) is not None:
            if arrived[1] is None and not handles:
                yield arrived[0]
            else:
                yield give(arrived, handles=handles)
        if not is_open:
            return
        channel.wait(seen)


def request(message: object, *, timeout: float | None = None) -> Any:
    """Ask, and give what the other side answers; None where there is nobody to ask.

    Raises: TimeoutError after ``timeout`` seconds; RuntimeError: it refused, and why; ValueError, TypeError.
    """
    channel = open_channel()
    return None if channel is None else read_answer(channel.ask(message, timeout))


def on_checkpoint(callback: Callable[[Any], Any] | None) -> None:
    """Have ``callback`` called, in a thread, when this program shall save where it stands, with what was said of that.

    The path it returns, if it returns one, is told as by `checkpoint_saved`. None: call nobody any more.
    """
    global _checkpoint  # noqa: PLW0603 - there is one program, and one who saves it
    _checkpoint = callback
    channel = open_channel()
    if callback is not None and channel is not None and not _is_listening:
        _start_listening(channel)


def disconnect() -> None:
    """Close the channel once all is sent: nothing more is said, either way."""
    channel = open_channel()
    if channel is not None:
        channel.flush()
        channel.close()


# --- what the twins for asyncio need, too -----------------------------------------------------------------------------

inbox: deque[tuple[Any, int | None]] = deque()
_channel: LineChannel | None = None
_checkpoint: Callable[[Any], Any] | None = None
_is_listening = False
_lock = _thread.allocate_lock()


def open_channel() -> LineChannel | None:
    """Give the channel; None where there is none. Raises: SystemExit: it speaks a language that is Node's alone."""
    global _channel  # noqa: PLW0603 - there is one program, and one channel
    if _channel is None and surroundings.channel_fd is not None:
        if surroundings.channel_mode != "json":
            sys.exit(f"procession.child: the channel is in mode {surroundings.channel_mode!r}; fork with 'json'")
        from procession.child.line_channel import LineChannel

        with _lock:
            if _channel is None:
                _channel = LineChannel(surroundings.channel_fd, _take, _save)
                atexit.register(_channel.flush)
    return _channel


def read_answer(envelope: dict[str, Any] | None) -> Any:
    """Give what an envelope says; None where nobody answered. Raises: RuntimeError."""
    if envelope is not None and REFUSAL in envelope:
        raise RuntimeError(str(envelope[REFUSAL]))
    return None if envelope is None else envelope.get(BODY)


def wrap_handle(channel: LineChannel, message: object, handle: Any) -> tuple[bytes, int]:
    """Give the line of a message that goes with a handle, and a descriptor of our own for it."""
    from procession.wire.handles import describe

    line = channel.encode({"cmd": HANDLE, "msg": message, **describe(handle)})
    return line, os.dup(handle if isinstance(handle, int) else handle.fileno())


def take_arrived() -> tuple[Any, int | None] | None:
    """Take the next of what has come."""
    try:
        return inbox.popleft()
    except IndexError:
        return None


def give(arrived: tuple[Any, int | None], *, handles: bool) -> Any:
    """Give a message as it is wanted."""
    message, descriptor = arrived
    if handles:
        return message, descriptor
    if descriptor is not None:
        os.close(descriptor)
    return message


def _is_reserved(message: dict[Any, Any]) -> bool:
    return REQUEST in message or ANSWER in message or is_internal(message)


def _put(envelope: dict[str, Any]) -> None:
    channel = open_channel()
    if channel is not None:
        channel.put(channel.encode(envelope))


def _take(message: Any, descriptor: int | None) -> None:
    if type(message) is dict and REQUEST in message:
        message = Request(message[REQUEST], message.get(BODY))
    inbox.append((message, descriptor))


def _save(wish: Any) -> bool:
    """Have it saved; False: nobody does that here."""
    if _checkpoint is None:
        return False
    _thread.start_new_thread(_call_back, (_checkpoint, wish))
    return True


def _call_back(callback: Callable[[Any], Any], wish: Any) -> None:
    from procession.child.reports import checkpoint_saved

    path = callback(wish)
    if path is not None:
        checkpoint_saved(path)


def _start_listening(channel: LineChannel) -> None:
    global _is_listening  # noqa: PLW0603
    _is_listening = True

    def listen() -> None:
        while channel.is_open:
            channel.wait(channel.reads)

    _thread.start_new_thread(listen, ())


def _forget() -> None:
    """In a forked copy: only the original speaks."""
    global _channel, _is_listening
    surroundings.channel_fd = None
    if _channel is not None:
        _channel.abandon()
    _channel, _is_listening = None, False
    while (arrived := take_arrived()) is not None:
        give(arrived, handles=False)


os.register_at_fork(after_in_child=_forget)
