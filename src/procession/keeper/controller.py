"""The connection to the supervisor: never waited for, told what is true whenever there is room.

Only answers are queued, and while many are queued no further request is read. Everything else is taken from where it
is known when it can be sent, so a supervisor that does not read makes nothing grow. Not here: what requests do.
"""

from __future__ import annotations

import select

from procession.keeper import telling
from procession.wire.frames import BadFrame, Frame, FrameReader, close_all
from procession.wire.passing import receive, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Iterator

    from procession.keeper.children import Child
    from procession.keeper.inheritance import Inheritance
    from procession.keeper.telling import Truth
    from procession.wire.exits import Exit

_QUEUED_FRAMES = 64
_FRAMES_PER_TURN = 16


class Controller:
    """One connection, from the greeting to its end."""

    def __init__(self, socket: _socket.socket, truth: Truth, inheritance: Inheritance) -> None:
        """Begin to greet: with who lives and what is held, then the exits, those that happen meanwhile included."""
        self.socket = socket
        self._inheritance = inheritance
        self._reader = FrameReader()
        self._greeting: Iterator[telling.Message] | None = telling.greet(truth)
        self._answers: list[telling.Message] = []
        self._exits: list[Exit] = list(truth.journal.unacked.values())
        self._changed = truth.children.forget_told()
        self._notices = truth.notices
        self._notices.forget_told()
        self._is_ended = False
        self._sending: tuple[memoryview, tuple[int, ...]] | None = None
        self._cannot_send = False
        self._has_more = False

    def events(self) -> int:
        """What to poll for."""
        return (select.POLLIN if self._may_read() and not self._is_ended else 0) | (
            select.POLLOUT if self._sending else 0
        )

    def has_more(self) -> bool:
        """Whether frames are waiting that were received and not given yet."""
        return self._has_more and self._may_read()

    def answer(self, message: telling.Message) -> None:
        """Queue the answer to a request."""
        self._answers.append(message)
        self.flush()

    def tell(self, exits: list[Exit], changed: list[Child]) -> None:
        """Tell what happened, now or when there is room."""
        self._exits += exits
        self._changed.update((child.key, child) for child in changed)
        self.flush()

    def is_gone(self) -> bool:
        """Whether its other end was closed; what that had sent before may still be here."""
        poll = select.poll()
        poll.register(self.socket.fileno(), 0)
        return bool(poll.poll(0))

    def is_done(self) -> bool:
        """Whether nothing more will come from it."""
        return self._is_ended and not self._has_more

    def requests(self) -> Iterator[Frame]:
        """Give requests, a few per turn."""
        if self._may_read() and not self._has_more and not self._is_ended:
            self._receive()
        self._has_more = True
        for _ in range(_FRAMES_PER_TURN):
            frame = self._next_frame() if self._may_read() else None
            if frame is None:
                self._has_more = not self._may_read()
                return
            yield frame

    def flush(self) -> None:
        """Send what there is room for."""
        while not self._cannot_send:
            if self._sending is None and not self._take_next():
                return
            assert self._sending is not None
            data, fds = self._sending
            try:
                sent = send(self.socket, data, fds)
            except BlockingIOError:
                return
            except OSError:  # its reader is gone; what it asked before is still to be read
                self._cannot_send = True
                break
            close_all(fds)
            self._sending = (data[sent:], ()) if sent < len(data) else None
        self._forget_unsent()

    def is_flushed(self) -> bool:
        """Whether nothing is left to be sent."""
        return self._sending is None

    def close(self) -> None:
        """End it, with every descriptor that was on its way."""
        self._cannot_send = True
        self._forget_unsent()
        self._reader.close()
        self.socket.close()

    def _may_read(self) -> bool:
        return self._cannot_send or (self._greeting is None and len(self._answers) < _QUEUED_FRAMES)

    def _next_frame(self) -> Frame | None:
        try:
            return self._reader.next_frame()
        except BadFrame:
            self._reader.close()
            self._cannot_send = self._is_ended = True
            return None

    def _receive(self) -> None:
        try:
            received = receive(self.socket)
        except BlockingIOError:
            return
        except OSError:
            self._is_ended = True
            return
        if not received.data:
            self._is_ended = True
            return
        fds, is_truncated = self._moved(received.fds)
        self._reader.feed(received.data, fds, is_truncated=received.is_truncated or is_truncated)

    def _moved(self, fds: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
        """Move them out of the low numbers; what there is no number for is closed, and makes them incomplete."""
        moved = []
        for fd in fds:
            try:
                moved.append(self._inheritance.move_high(fd))
            except OSError:
                continue
        return tuple(moved), len(moved) < len(fds)

    def _take_next(self) -> bool:
        message = self._next_greeting() if self._greeting is not None else self._next_news()
        if message is None:
            return False
        data, fds = message()
        self._sending = memoryview(data), fds
        return True

    def _next_greeting(self) -> telling.Message:
        assert self._greeting is not None
        message = next(self._greeting, None)
        message = message or self._next_notice_or_exit()
        if message is None:
            self._greeting = None
            return telling.welcome()
        return message

    def _next_news(self) -> telling.Message | None:
        """Answers come before exits: a child has been started before it ends."""
        if self._answers:
            return self._answers.pop(0)
        if (message := self._next_notice_or_exit()) is not None:
            return message
        while self._changed:
            child = self._changed.pop(next(iter(self._changed)))
            if child.stopped_by != child.told_stopped_by and not child.is_reaped:
                return telling.changed(child)
        return None

    def _next_notice_or_exit(self) -> telling.Message | None:
        """Give what somebody said before the end of anybody: it may be its last word."""
        notice = self._notices.take_untold()
        if notice is not None:
            return telling.noticed(notice)
        return telling.exited(self._exits.pop(0)) if self._exits else None

    def _forget_unsent(self) -> None:
        if self._sending is not None:
            close_all(self._sending[1])
        self._sending = self._greeting = None
        self._answers.clear()
        self._exits.clear()
        self._changed.clear()
