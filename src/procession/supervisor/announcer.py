"""TELLS: every event to every subscriber in the order of recording, and to ``logging`` (``procession.task``).

A subscriber that raises is logged and loses nothing but its own reaction; the writer goes on.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from procession.supervisor.event_stream import EventStream
from procession.supervisor.log_line import log_line

if TYPE_CHECKING:
    from procession.model.event import Event, Snapshot

logger = logging.getLogger("procession.task")
logging.getLogger("procession").addHandler(logging.NullHandler())

OutputCallback = Callable[[str, str, bytes], Any]


class Announcer:
    """Holds who wants to know, and tells them."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], Any]] = []
        self._output_listeners: list[OutputCallback] = []
        self._streams: WeakSet[EventStream] = WeakSet()
        self._outbox: deque[Event] = deque()
        self._is_telling = False

    def tell(self, event: Event) -> None:
        """Pass on ``event``. What subscribers cause meanwhile is told after it, to all, in order."""
        self._outbox.append(event)
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._outbox:
                self._tell_all(self._outbox.popleft())
        finally:
            self._is_telling = False

    def tell_output(self, task: str, stream: str, data: bytes) -> None:
        """Pass on a piece of output."""
        for listener in tuple(self._output_listeners):
            _call(listener, task, stream, data)

    def subscribe(self, callback: Callable[[Event], Any]) -> Callable[[], None]:
        """Tell ``callback`` every event from now on, until the returned function is called."""
        return _added(self._listeners, callback)

    def subscribe_output(self, callback: OutputCallback) -> Callable[[], None]:
        """Give ``callback`` every piece of output from now on, until the returned function is called."""
        return _added(self._output_listeners, callback)

    def open_stream(self, snapshot: Snapshot) -> EventStream:
        """Give an iterator that begins with ``snapshot``: what is not told yet is in it already, and not repeated."""
        stream = EventStream(snapshot, skip=len(self._outbox))
        self._streams.add(stream)
        return stream

    def close(self) -> None:
        """End all iterators after what they still hold."""
        for stream in tuple(self._streams):
            stream.finish()

    def _tell_all(self, event: Event) -> None:
        if logger.isEnabledFor(logging.INFO):
            logger.info(log_line(event), extra={"event": event})
        if self._streams:  # to go through an empty one costs more than all the rest here
            for stream in tuple(self._streams):
                stream.put(event)
        for listener in tuple(self._listeners):
            _call(listener, event)


def _added(listeners: list[Any], callback: Any) -> Callable[[], None]:
    listeners.append(callback)

    def remove() -> None:
        if callback in listeners:
            listeners.remove(callback)

    return remove


def _call(listener: Callable[..., Any], *arguments: object) -> None:
    try:
        listener(*arguments)
    except Exception:
        logger.exception("a subscriber failed")
