"""Frames over a socket, with descriptors, without ever blocking: what cannot be sent now waits its turn."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence

from procession.wire import frames, passing

_READS_PER_TURN = 8
_FULL_READ_BYTES = 1 << 15
"""So much in one read, and there is probably more."""


class KeeperSocket:
    """One connection. ``on_frames`` hears what came, ``on_end`` that nothing more will."""

    def __init__(
        self, connection: socket.socket, on_frames: Callable[[list[frames.Frame]], None], on_end: Callable[[], None]
    ) -> None:
        """Take ownership of the socket, within the event loop."""
        connection.setblocking(False)
        self._socket = connection
        self._on_frames = on_frames
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._reader = frames.FrameReader()
        self._outbox: deque[tuple[bytes, list[int]]] = deque()
        self._loop.add_reader(connection.fileno(), self._read)

    def send(self, op: int, number: int, fields: Sequence[bytes] = (), descriptors: Sequence[int] = ()) -> None:
        """Send a frame, now or soon; descriptors may be closed afterwards."""
        if self._socket.fileno() < 0:
            return
        data = frames.encode(op, number, fields, len(descriptors))
        sent = 0 if self._outbox else self._try_to_send(data, descriptors)
        if sent < len(data):
            self._outbox.append((data[sent:], [] if sent else [os.dup(each) for each in descriptors]))
            self._loop.add_writer(self._socket.fileno(), self._flush)

    def close(self) -> None:
        """Hang up."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self.close_after_fork()

    def close_after_fork(self) -> None:
        """Let go of the socket alone."""
        self._socket.close()
        self._reader.close()
        while self._outbox:
            for descriptor in self._outbox.popleft()[1]:
                os.close(descriptor)

    def _try_to_send(self, data: bytes, descriptors: Sequence[int]) -> int:
        """Say how many bytes the kernel took; with the first of them it took the descriptors."""
        try:
            return passing.send(self._socket, data, descriptors)
        except BlockingIOError:
            return 0
        except OSError:  # the other end is gone: reading will tell, after what it still had to say
            return len(data)

    def _flush(self) -> None:
        while self._outbox:
            data, descriptors = self._outbox.popleft()
            sent = self._try_to_send(data, descriptors)
            while sent and descriptors:
                os.close(descriptors.pop())
            if sent < len(data):
                self._outbox.appendleft((data[sent:], descriptors))
                return
        self._loop.remove_writer(self._socket.fileno())

    def _read(self) -> None:
        for _ in range(_READS_PER_TURN):
            try:
                received = passing.receive(self._socket)
            except BlockingIOError:
                return
            except OSError:
                self._on_end()
                return
            if not received.data:
                self._on_end()
                return
            self._reader.feed(received.data, received.fds, is_truncated=received.is_truncated)
            self._on_frames(self._whole_frames())
            if self._socket.fileno() < 0 or len(received.data) < _FULL_READ_BYTES:
                return

    def _whole_frames(self) -> list[frames.Frame]:
        """Give the frames that are complete; a stream that makes no sense is one that has ended."""
        arrived = []
        try:
            while frame := self._reader.next_frame():
                arrived.append(frame)
        except frames.BadFrame:
            self._loop.call_soon(self._on_end)
        return arrived
