"""The writing side of our end of a channel: whole lines in order, never waited for, none past a handle under way.

What finds no room is kept, and written by a thread that ends when nothing is left. Not here: what a line says.
"""

from __future__ import annotations

import _socket
import _thread
import os
import select
import struct
import time

from procession.wire.node_ipc import RETRANSMISSIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
else:
    from _collections import deque  # what `collections` gives out, without its weight

QUEUED_LIMIT_BYTES = 64 << 20
SLOW_DOWN_BYTES = 1 << 17
_EXIT_PATIENCE_S = 5.0
_GATHERED_LINES = 64


class Parcel:
    """A line that goes with a descriptor of ours."""

    __slots__ = ("descriptor", "line", "tries_left")

    def __init__(self, line: bytes, descriptor: int) -> None:
        self.line = line
        self.descriptor = descriptor
        self.tries_left = RETRANSMISSIONS


class LineWriter:
    """Writes to ``socket``, which stays its owner's. ``is_open``: whether anybody may still read."""

    def __init__(self, socket: _socket.socket) -> None:
        self._socket = socket
        self._lock = _thread.allocate_lock()
        self._outgoing: deque[bytes | Parcel] = deque()
        self._outgoing_bytes = 0
        self._urgent: list[bytes] = []
        self._unsent = b""
        self._is_parcel_stuck = False
        self._awaited: Parcel | None = None
        self._is_writing = False
        self.is_open = True

    def put(self, line: bytes, descriptor: int | None = None) -> bool:
        """Write a line, or keep it until there is room. False: little by little, please, or nobody hears it.

        Raises: BlockingIOError: so much waits already that nobody can be reading.
        """
        with self._lock:
            if not self.is_open:
                return False
            if self._outgoing_bytes > QUEUED_LIMIT_BYTES:
                raise BlockingIOError("the messages that nobody reads have reached 64 MiB")
            if descriptor is None and not self._outgoing_bytes and self._awaited is None:
                line = line[self._write(line) :]  # the usual case: there is room
                if not line:
                    return True
            self._outgoing.append(line if descriptor is None else Parcel(line, descriptor))
            self._outgoing_bytes += len(line)
            self._write_soon()
            return self.is_open and self._outgoing_bytes < SLOW_DOWN_BYTES

    def put_first(self, line: bytes) -> None:
        """Write a line before what waits for a handle of ours: the other side may wait for this one."""
        with self._lock:
            self._urgent.append(line)
            self._outgoing_bytes += len(line)
            self._write_soon()

    def flush(self, patience_s: float = _EXIT_PATIENCE_S) -> None:
        """Wait until all is written; give up when nothing moves for so long."""
        left, give_up_at = -1, 0.0
        while self.is_open and self._outgoing_bytes:
            now = time.monotonic()
            if self._outgoing_bytes != left:
                left, give_up_at = self._outgoing_bytes, now + patience_s
            if now > give_up_at:
                return
            time.sleep(0.001)

    def _write_soon(self) -> None:
        """Write now what there is room for; have the rest written by a thread."""
        if not self._is_writing and not self._write_some():
            self._is_writing = True
            _thread.start_new_thread(self._write_all, ())

    def _write_all(self) -> None:
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLOUT)
        while True:
            poll.poll(100)
            with self._lock:
                if self._write_some():
                    self._is_writing = False
                    return

    def _write_some(self) -> bool:
        """Write whole lines as far as there is room; False: there is none now. Behind a handle all waits."""
        while self.is_open and (self._unsent or self._next()):
            if not self._unsent:
                continue
            sent = self._write(self._unsent)
            if not sent and self.is_open:
                return False
            self._outgoing_bytes -= sent
            self._unsent = self._unsent[sent:]
        return not self._is_parcel_stuck

    def _write(self, data: bytes) -> int:
        """Give how many bytes the kernel took; close if nobody reads."""
        try:
            return self._socket.send(data, _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return 0
        except OSError:
            self.is_open = False
            return 0

    def _next(self) -> bool:
        """Make the next lines the ones that are written; False where nothing more can be written now."""
        if self._urgent:
            self._unsent = b"".join(self._urgent)
            self._urgent.clear()
            return True
        if not self._outgoing or self._awaited is not None:
            return False
        if isinstance(head := self._outgoing[0], Parcel):
            return self._write_parcel(head)
        lines: list[bytes] = []
        while self._outgoing and isinstance(line := self._outgoing[0], bytes) and len(lines) < _GATHERED_LINES:
            lines.append(line)
            self._outgoing.popleft()
        self._unsent = lines[0] if len(lines) == 1 else b"".join(lines)
        return True

    def _write_parcel(self, parcel: Parcel) -> bool:
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("i", parcel.descriptor))]
        self._is_parcel_stuck = False
        try:
            sent = self._socket.sendmsg([parcel.line], rights, _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except BlockingIOError:
            self._is_parcel_stuck = True
            return False
        except OSError:
            self.is_open = False
            return False
        self._outgoing.popleft()
        self._outgoing_bytes -= sent
        self._unsent = parcel.line[sent:]
        self._awaited = parcel
        return True

    def settle_handle(self, *, arrived: bool) -> None:
        """A handle has arrived, or has not; what waited behind it goes on."""
        with self._lock:
            parcel, self._awaited = self._awaited, None
            if parcel is None:
                return
            if not arrived and parcel.tries_left:
                parcel.tries_left -= 1
                self._outgoing.appendleft(parcel)
                self._outgoing_bytes += len(parcel.line)
            else:
                os.close(parcel.descriptor)
            self._write_soon()
