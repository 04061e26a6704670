"""A two-way message channel with a program, as Node.js has it with its children (``NODE_CHANNEL_FD``).

One JSON text per line over a stream socket. What Node keeps for itself (``NODE_…``) is dealt with here and never shown.
Not here: how the program gets its end (`procession.process`), and the words of the wire (`procession.wire.node_ipc`).
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from procession.errors import Disconnected
from procession.ipc.arrivals import LARGE_BYTES, LargeMessage, WithHandle
from procession.ipc.encoding import NotAMessage, decode_line, encode_line, encode_message
from procession.ipc.handles import Handle, adopt, dispose, duplicate, wrap
from procession.ipc.intake import Intake, IntakeStuck
from procession.ipc.lines import EXCERPT_BYTES, LineSplitter
from procession.ipc.outbox import Outbox
from procession.ipc.request import Request, Requests
from procession.kernel.waiters import Waiters
from procession.model.event import ChannelClosed, ChannelMisused, Event, LogDiskRecovered, LogUnwritable
from procession.wire.frames import close_all
from procession.wire.node_ipc import (
    ANSWER,
    BODY,
    HANDLE_ACK,
    HANDLE_NACK,
    REQUEST,
    is_internal,
)
from procession.wire.passing import receive

UNREAD_LIMIT_BYTES: Final = 4 << 20
"""So much is read of messages that nobody takes; then the program has to wait, as with any full pipe."""

_READS_PER_CALL: Final = 16
_FULL_READ_BYTES: Final = 1 << 15
_READS_AT_THE_END: Final = 1024
"""More pieces than a socket can hold: each takes 768 bytes of its 208 KiB, and one with descriptors is read alone."""

_STUCK_PAUSE_S: Final = 1.0

_NODE: Final = b'"NODE_'
_OURS: Final = b'"$'
"""Only a line with one of these in it can be for us."""

Tell = Callable[[Event], None]


class Channel:
    """Our end of a channel; made by a process that has one, bound to its event loop. See docs/guide/channel.md."""

    def __init__(
        self,
        connection: socket.socket,
        limit_bytes: int,
        tell: Tell,
        *,
        pid: int | None = None,
        intake: Intake | None = None,
    ) -> None:
        """Take ownership of a connected socket; and of an ``intake``, which keeps what comes: no handles, then."""
        connection.setblocking(False)
        self.pid = pid
        self._connection = connection
        self._limit_bytes = limit_bytes
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(connection, self._on_broken)
        # Whoever goes on after us must not take an answer to us for one to itself.
        self._requests = Requests(1 if intake is None else time.time_ns() // 1000)
        self._lines = LineSplitter(limit_bytes, self._on_overlong)
        self._unread: deque[tuple[Any, Handle | None] | Any] = deque()
        self._unread_bytes = 0
        self._arrived: list[int] = []
        self._callback: Callable[[Any], None] | None = None
        self._intake = intake
        self.on_taken: Callable[[int], None] = _ignore
        """Is told up to which byte of what is kept everything was given to whoever listens."""
        self._waiters = Waiters()
        self._is_reading = self._is_stuck = False
        self._has_ended = False
        self._read_on()
        if intake is not None and intake.has_more:
            self._loop.call_soon(self._on_readable)

    @property
    def connected(self) -> bool:
        """Whether anything can still be said, either way."""
        return not self._has_ended

    # --- saying -------------------------------------------------------------------------------------------------------

    async def send(self, message: Any, *, handle: Handle | None = None) -> None:
        """Send a message, and a socket or descriptor with it (a copy; yours stays yours).

        Returns at once while little waits to be written, else when there is room again. Whoever needs to know that it
        was understood asks (`request`). Raises: InvalidMessage, MessageTooLarge: nothing was written; Disconnected.
        """
        self.post(message, handle=handle)
        if self._outbox.is_full:
            await asyncio.sleep(0)
            await self._outbox.wait_until(lambda: not self._outbox.is_full)

    def encode(self, message: Any) -> bytes:
        """Give the line of a message. Raises: InvalidMessage, MessageTooLarge."""
        return encode_message(message, self._limit_bytes)

    async def send_line(self, line: bytes) -> None:
        """Send the line of a message, and wait until all of it is with the kernel. Raises: Disconnected."""
        self._outbox.put(line)
        await self.written()

    async def written(self) -> None:
        """Wait until all that was sent is with the kernel, whatever becomes of us then. Raises: Disconnected."""
        await self._outbox.wait_until(lambda: self._outbox.is_empty)

    def post(self, message: Any, *, handle: Handle | None = None) -> None:
        """Send without ever waiting: what the program does not read yet is kept here. Raises: as `send`."""
        line = self.encode(message)
        if handle is None:
            self._outbox.put(line)
            return
        line = encode_line(wrap(message, handle), self._limit_bytes + len(line))
        descriptor = duplicate(handle)
        try:
            self._outbox.put(line, descriptor)
        except Disconnected:
            dispose(descriptor)
            raise

    async def request(self, message: Any, *, timeout: float | None = None) -> Any:
        """Ask, and give what the other side answers; ``timeout`` in seconds.

        Raises: RequestTimedOut, RequestRefused, Disconnected, InvalidMessage, MessageTooLarge.
        """
        return await self._requests.ask(message, timeout, self._put)

    async def disconnect(self) -> None:
        """Close the channel, after all that was sent is on its way; a second time does nothing.

        A Node program whose channel is closed ends by itself if nothing else keeps it alive.
        """
        if not self._has_ended:
            try:
                await self.written()
            except Disconnected:
                return
            self.close()

    # --- hearing ------------------------------------------------------------------------------------------------------

    async def messages(self, *, handles: bool = False) -> AsyncGenerator[Any, None]:
        """Give the messages in order, to the end of the channel; a `Request` among them wants an answer.

        handles: give ``(message, handle)`` each, with a socket or descriptor that is yours then, or None. Without it
        what comes with a message is closed.
        """
        while True:
            while self._unread:
                message = self._unread.popleft()
                if type(message) is WithHandle:
                    yield message.give(handles=handles)
                else:
                    yield (message, None) if handles else message
            self._unread_bytes = 0
            if self._has_ended:
                return
            self._read_on()
            await self._waiters.wait()

    def listen(self, callback: Callable[[Any], None]) -> None:
        """Call back with each message from now on, and with those that nobody took, instead of giving them out."""
        self._callback = callback
        self._give_to_listener()
        self._tell_taken()

    # --- its end ------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Take what the program has sent before it ended, and close: somebody else may hold its end open."""
        for _ in range(_READS_AT_THE_END):
            if self._has_ended or not self._receive():
                break
        self.close()

    def close(self) -> None:
        """Close at once; what came can still be taken."""
        if not self._has_ended:
            self.leave()
            self._tell(ChannelClosed(at=time.time(), incomplete_bytes=self._lines.incomplete_bytes))

    def leave(self) -> None:
        """Let go of it without a word: whoever holds a copy of our end goes on with it."""
        if self._has_ended:
            return
        self._stop_reading()
        self._has_ended = True
        self._outbox.close()
        self._requests.close()
        self._connection.close()
        if self._intake is not None:
            self._intake.close()
        close_all(self._arrived)
        self._arrived.clear()
        self._waiters.wake_all()

    def discard(self) -> None:
        """Close, and let go of what nobody took."""
        self.close()
        for message in self._unread:
            if type(message) is WithHandle:
                dispose(message.handle)
        self._unread.clear()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        if not self._is_reading and not self._has_ended:
            self._is_reading = True
            self._loop.add_reader(self._connection.fileno(), self._on_readable)

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self._connection.fileno())

    def _on_readable(self) -> None:
        if self._has_ended:
            return
        self._outbox.note_heard()
        for _ in range(_READS_PER_CALL):
            if self._unread_bytes > UNREAD_LIMIT_BYTES:
                self._stop_reading()
                break
            if self._receive() < _FULL_READ_BYTES:  # there is hardly more: the loop calls again if there is
                break
        self._waiters.wake_all()

    def _receive(self) -> int:
        """Take one piece; give how many bytes, 0 where there is none now."""
        try:
            data = self._receive_plainly() if self._intake is None else self._intake.receive(self._connection)
        except BlockingIOError:
            return 0
        except IntakeStuck as stuck:
            self._pause(stuck)
            return 0
        except OSError:  # ECONNRESET: it ended with messages of ours unread
            data = b""
        if self._is_stuck:
            self._note_room()
        if not data:
            self.close()
            return 0
        self._take(data)
        return 0 if self._has_ended else len(data)

    def _receive_plainly(self) -> bytes:
        received = receive(self._connection)
        if received.fds:
            self._arrived += received.fds
        return received.data

    def _pause(self, stuck: IntakeStuck) -> None:
        """Look again in a moment: a disk that is full will not stay so."""
        assert self._intake is not None
        if not self._is_stuck:
            self._is_stuck = True
            self._tell(LogUnwritable(at=time.time(), path=self._intake.path, error=str(stuck)))
        self._stop_reading()
        self._loop.call_later(_STUCK_PAUSE_S, self._try_again)

    def _note_room(self) -> None:
        assert self._intake is not None
        self._is_stuck = False
        self._tell(LogDiskRecovered(at=time.time(), path=self._intake.path))

    def _try_again(self) -> None:
        self._read_on()
        self._on_readable()

    def _take(self, data: bytes) -> None:
        lines = self._lines.feed(data)
        if self._callback is None:
            self._unread_bytes += len(data)
        if self._intake is not None or _NODE in data or _OURS in data or (lines and _is_special(lines[0])):
            for line in lines:
                self._take_line(line)
        else:
            self._take_plain(lines)
        if self._arrived and not self._lines.incomplete_bytes:  # they came with a message that names none
            close_all(self._arrived)
            self._arrived.clear()
        if self._callback is not None:
            if self._unread:
                self._give_to_listener()
            self._tell_taken()

    def _tell_taken(self) -> None:
        if self._intake is not None:
            self.on_taken(self._intake.position - self._lines.incomplete_bytes)

    def _take_plain(self, lines: list[bytes]) -> None:
        """Take lines of which none is for us: the usual case, and the quick one."""
        try:
            self._unread.extend(list(map(decode_line, lines)))
        except NotAMessage:
            for line in lines:
                self._take_line(line)

    def _take_line(self, line: bytes) -> None:
        try:
            message = decode_line(line)
        except NotAMessage as error:
            self._tell_misuse(str(error), line, len(line))
            return
        if type(message) is not dict:
            self._deliver(message, line)
        elif ANSWER in message:
            self._requests.take_answer(message)
        elif REQUEST in message:
            self._unread.append(Request(message[REQUEST], message.get(BODY), self._put))
        elif is_internal(message):
            self._take_internal(message)
        else:
            self._deliver(message, line)

    def _deliver(self, message: Any, line: bytes) -> None:
        is_large = self._intake is not None and len(line) > LARGE_BYTES
        self._unread.append(LargeMessage(len(line)) if is_large else message)

    def _take_internal(self, message: dict[str, Any]) -> None:
        match message["cmd"]:
            case "NODE_HANDLE":
                self._take_handle(message)
            case "NODE_HANDLE_ACK":
                self._outbox.settle_handle(arrived=True)
            case "NODE_HANDLE_NACK":
                self._outbox.settle_handle(arrived=False)

    def _take_handle(self, message: dict[str, Any]) -> None:
        """Take what came with a message; the other side sends nothing more until it hears whether it arrived."""
        descriptor = self._arrived.pop(0) if self._arrived else None
        has_arrived = descriptor is not None or self._intake is not None
        self._outbox.put_first(encode_line({"cmd": HANDLE_ACK if has_arrived else HANDLE_NACK}, self._limit_bytes))
        if descriptor is not None:
            self._unread.append(WithHandle(message.get("msg"), adopt(descriptor)))
        elif has_arrived:
            self._unread.append(message.get("msg"))

    # --- helpers ------------------------------------------------------------------------------------------------------

    def _put(self, envelope: dict[str, Any]) -> None:
        self._outbox.put(encode_line(envelope, self._limit_bytes))

    def _give_to_listener(self) -> None:
        assert self._callback is not None
        while self._unread:
            message = self._unread.popleft()
            self._callback(message.give(handles=False) if type(message) is WithHandle else message)
        self._unread_bytes = 0
        self._read_on()

    def _on_broken(self) -> None:
        """Nobody reads what we write. What it has written before is still to be read: then comes its end."""
        self._outbox.close()

    def _on_overlong(self, begin: bytes, size_bytes: int) -> None:
        self._tell_misuse(f"a line of more than {self._limit_bytes:,} bytes", begin, size_bytes)

    def _tell_misuse(self, reason: str, line: bytes, size_bytes: int) -> None:
        excerpt = line[:EXCERPT_BYTES].decode("utf-8", "backslashreplace")
        self._tell(ChannelMisused(at=time.time(), reason=reason, excerpt=excerpt, size_bytes=size_bytes))


def _is_special(line: bytes) -> bool:
    return _NODE in line or _OURS in line


def _ignore(_taken: int) -> None:
    return
