"""The writing side of a channel: whole lines in order, several in one write, and none after a handle until it arrived.

The first line after something was heard is written at once, so that an answer does not wait; those that follow are
gathered, each turn of the event loop into one write. Not here: what a line says.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from procession.errors import Disconnected
from procession.ipc.handles import dispose
from procession.kernel.waiters import Waiters
from procession.wire.node_ipc import RETRANSMISSIONS
from procession.wire.passing import send

HIGH_WATER_BYTES: Final = 1 << 17
"""So much may wait to be written before whoever sends waits, too."""

ATOMIC_BYTES: Final = 1 << 15
"""So much of one write a unix socket takes wholly or not at all (UNIX_SKB_FRAGS_SZ in net/unix/af_unix.c): whoever is
killed leaves no half line. Only a line that is longer may be torn."""


class _Parcel(NamedTuple):
    """A line with a descriptor of ours."""

    line: bytes
    descriptor: int


class Outbox:
    """Writes to ``connection``, which stays its owner's. ``on_broken`` hears that nobody reads any more."""

    def __init__(self, connection: socket.socket, on_broken: Callable[[], None]) -> None:
        self._connection = connection
        self._on_broken = on_broken
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes | _Parcel] = deque()
        self._urgent: list[bytes] = []
        self._waiting_bytes = self._parcels = 0
        self._unsent = memoryview(b"")
        self._awaited: _Parcel | None = None
        self._tries_left = 0
        self._is_gathering = self._is_due = False
        self._is_watching = False
        self._waits_for_room = False
        self._is_closed = False
        self._waiters = Waiters()

    @property
    def is_full(self) -> bool:
        """Whether whoever sends shall wait."""
        return self._waiting_bytes > HIGH_WATER_BYTES

    @property
    def is_empty(self) -> bool:
        """Whether all is with the kernel, and every handle has arrived."""
        return not (self._waiting or self._urgent or self._unsent or self._awaited)

    def put(self, line: bytes, descriptor: int | None = None) -> None:
        """Take a line, with a descriptor of ours. Raises: Disconnected."""
        if self._is_closed:
            raise Disconnected("the channel is closed", hint="the program at its other end may have ended")
        if self._waiting_bytes + len(line) > ATOMIC_BYTES and not self._is_watching:
            self.flush()
        if descriptor is None:
            self._waiting.append(line)
        else:
            self._waiting.append(_Parcel(line, descriptor))
            self._parcels += 1
        self._waiting_bytes += len(line)
        if not self._is_gathering:
            self._is_gathering = True
            self.flush()
        elif not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._end_turn)

    def note_heard(self) -> None:
        """The other side has spoken: what is said next may be its answer, and is not to wait."""
        self._is_gathering = self._is_due

    def put_first(self, line: bytes) -> None:
        """Take a line that waits for no handle to arrive: the other side waits for it, it says that one has."""
        if not self._is_closed:
            self._urgent.append(line)
            self._waiting_bytes += len(line)
            self.flush()

    def flush(self) -> None:
        """Write what there is room for."""
        while not self._is_closed and (self._unsent or self._take()):
            try:
                sent = self._connection.send(self._unsent, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                self._watch()
                return
            except OSError:
                self._on_broken()
                return
            self._waiting_bytes -= sent
            self._unsent = self._unsent[sent:]
        if not self._waits_for_room:
            self._unwatch()
        self._waiters.wake_all()

    def settle_handle(self, *, arrived: bool) -> None:
        """The other side has, or has not, got the handle that was sent last; what nobody waits for means nothing."""
        parcel = self._awaited
        if parcel is None:
            return
        self._awaited = None
        if not arrived and self._tries_left:
            self._tries_left -= 1
            self._waiting_bytes += len(parcel.line)
            self._send_parcel(parcel)
        else:
            self._parcels -= 1
            dispose(parcel.descriptor)
        self.flush()

    async def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until enough is written. Raises: Disconnected."""
        while not is_so():
            if self._is_closed:
                raise Disconnected("the channel was closed before all was sent")
            await self._waiters.wait()

    def close(self) -> None:
        """Write nothing more."""
        self._unwatch()
        self._is_closed = True
        for each in (*self._waiting, self._awaited):
            if isinstance(each, _Parcel):
                dispose(each.descriptor)
        self._waiting.clear()
        self._unsent, self._awaited = memoryview(b""), None
        self._waiters.wake_all()

    def _end_turn(self) -> None:
        self._is_gathering = self._is_due = False
        self.flush()

    def _take(self) -> bool:
        """Make the next lines the ones that are written; False where nothing more can be written now."""
        if not self._urgent and not self._parcels and self._waiting and self._waiting_bytes <= ATOMIC_BYTES:
            self._unsent = memoryview(b"".join(self._waiting))  # type: ignore[arg-type]  # there is no parcel
            self._waiting.clear()
            return True
        lines, self._urgent = self._urgent, []
        if not lines and self._awaited is None:
            room = ATOMIC_BYTES
            while self._waiting and isinstance(line := self._waiting[0], bytes) and (len(line) <= room or not lines):
                lines.append(line)
                room -= len(line)
                self._waiting.popleft()
        if lines:
            self._unsent = memoryview(lines[0] if len(lines) == 1 else b"".join(lines))
            return True
        if not self._waiting or self._awaited is not None:
            return False
        parcel = self._waiting.popleft()
        assert isinstance(parcel, _Parcel)
        self._tries_left = RETRANSMISSIONS
        return self._send_parcel(parcel)

    def _send_parcel(self, parcel: _Parcel) -> bool:
        """Write the line whose first byte carries the descriptor; what does not fit follows as a plain rest."""
        try:
            sent = send(self._connection, parcel.line, (parcel.descriptor,))
        except BlockingIOError:
            self._waiting.appendleft(parcel)
            self._waits_for_room = True
            self._watch()
            return False
        except OSError:
            dispose(parcel.descriptor)
            self._on_broken()
            return False
        self._waits_for_room = False
        self._waiting_bytes -= sent
        self._unsent = memoryview(parcel.line)[sent:]
        self._awaited = parcel
        return bool(self._unsent)

    def _watch(self) -> None:
        if not self._is_watching and not self._is_closed:
            self._is_watching = True
            self._loop.add_writer(self._connection.fileno(), self.flush)

    def _unwatch(self) -> None:
        if self._is_watching:
            self._is_watching = False
            self._loop.remove_writer(self._connection.fileno())
