"""What programs say of themselves (sd_notify): taken at once, so that none waits, and kept until it is written down.

Bounded: a program that says much while nobody takes it over has its words gathered, the last value of each name.
Not here: what they mean, and whether they are to be believed (`procession.process.notices`).
"""

from __future__ import annotations

import _socket
import os
import select

from procession.wire.frames import close_all
from procession.wire.notice_socket import Datagram, receive_datagram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEPARATE_LIMIT = 8
"""So many words of one program wait as they came; after that they are gathered."""
WAITING_LIMIT = 64
"""So many wait of one program. What cannot be gathered beyond that is dropped: nobody honest says so much."""
WINDOW = 32
"""So many of one program are told before one of them is written down: who does not read may be stopped."""
STORED_LIMIT = 64
"""So many descriptors of one program wait to be taken into care."""
_NAMES_LIMIT = 64
_BYTES_LIMIT = 1 << 16
_READS_PER_TURN = 64


class Notice:
    """One datagram, or several gathered. ``number`` counts all there are, upwards."""

    __slots__ = ("data", "fds", "is_told", "key", "number", "pid", "uid")

    def __init__(self, number: int, key: int, datagram: Datagram) -> None:
        self.number = number
        self.key = key
        self.data = datagram.data
        self.pid = datagram.pid
        self.uid = datagram.uid
        self.fds = datagram.fds
        self.is_told = False


class KeptNotices:
    """Listens at the sockets of all programs. ``fd`` is readable when one of them has said something."""

    def __init__(self, move_high: Callable[[int], int]) -> None:
        """Listen to nobody yet; what comes is moved out of the low numbers."""
        self._move_high = move_high
        epoll = select.epoll()
        self._epoll = select.epoll.fromfd(move_high(os.dup(epoll.fileno())))
        epoll.close()
        self.fd = self._epoll.fileno()
        self._sockets: dict[int, _socket.socket] = {}
        self._keys: dict[int, int] = {}
        self._kept: dict[int, Notice] = {}
        self._untold: dict[int, Notice] = {}
        self._waiting: dict[int, list[Notice]] = {}
        self._told: dict[int, int] = {}
        self._descriptors: dict[int, int] = {}
        self._count = 0

    def listen(self, key: int, fd: int) -> None:
        """Listen for ``key`` at a socket that is ours from now on."""
        self.drop(key)
        socket = _socket.socket(fileno=fd)
        socket.setblocking(False)
        self._sockets[key] = socket
        self._keys[fd] = key
        self._epoll.register(fd, select.EPOLLIN)

    def drop(self, key: int) -> None:
        """Listen to it no more, and forget what it said."""
        socket = self._sockets.pop(key, None)
        if socket is not None:
            del self._keys[socket.fileno()]
            self._epoll.unregister(socket.fileno())  # closing does not do that while the supervisor has a copy
            socket.close()
        for notice in [notice for notice in self._kept.values() if notice.key == key]:
            self._forget(notice)
        self._waiting.pop(key, None)
        self._told.pop(key, None)
        self._descriptors.pop(key, None)

    def __iter__(self) -> Iterator[int]:
        """Give who is listened to."""
        return iter(list(self._sockets))

    def find(self, key: int) -> int | None:
        """Give its socket; it stays ours."""
        socket = self._sockets.get(key)
        return None if socket is None else socket.fileno()

    def read(self) -> None:
        """Take what was said."""
        for fd, _ in self._epoll.poll(0):
            key = self._keys[fd]
            for _ in range(_READS_PER_TURN):
                datagram = receive_datagram(self._sockets[key])
                if datagram is None:
                    break
                self._keep(key, datagram)

    def take_untold(self) -> Notice | None:
        """Give the oldest that was not told yet; it is told from now on."""
        for number, notice in self._untold.items():
            if self._told.get(notice.key, 0) < WINDOW:
                del self._untold[number]
                self._waiting[notice.key].remove(notice)
                self._told[notice.key] = self._told.get(notice.key, 0) + 1
                notice.is_told = True
                return notice
        return None

    def forget_told(self) -> None:
        """Whoever it was told to is gone: all is news again."""
        self._untold = dict(self._kept)
        self._told.clear()
        self._waiting.clear()
        for notice in self._kept.values():
            notice.is_told = False
            self._waiting.setdefault(notice.key, []).append(notice)

    def acknowledge(self, upto: int) -> None:
        """Forget what was told and is written down."""
        for number in [number for number in self._kept if number <= upto]:
            notice = self._kept[number]
            if notice.is_told:
                self._forget(notice)

    def _keep(self, key: int, datagram: Datagram) -> None:
        datagram.fds = self._moved(key, datagram.fds)
        waiting = self._waiting.setdefault(key, [])
        if not datagram.data:
            close_all(datagram.fds)
        elif len(waiting) >= SEPARATE_LIMIT and _gather(waiting[-1], datagram):
            return
        elif len(waiting) >= WAITING_LIMIT:
            close_all(datagram.fds)
        else:
            self._count += 1
            notice = Notice(self._count, key, datagram)
            self._kept[notice.number] = self._untold[notice.number] = notice
            waiting.append(notice)
            self._descriptors[key] = self._descriptors.get(key, 0) + len(notice.fds)

    def _moved(self, key: int, fds: tuple[int, ...]) -> tuple[int, ...]:
        """Move them out of the low numbers; what is too much, or what there is no number for, is closed."""
        room = max(STORED_LIMIT - self._descriptors.get(key, 0), 0)
        close_all(fds[room:])
        moved = []
        for fd in fds[:room]:
            try:
                moved.append(self._move_high(fd))
            except OSError:
                continue
        return tuple(moved)

    def _forget(self, notice: Notice) -> None:
        del self._kept[notice.number]
        self._descriptors[notice.key] -= len(notice.fds)
        if notice.is_told:
            self._told[notice.key] -= 1
        else:
            del self._untold[notice.number]
            self._waiting[notice.key].remove(notice)
        close_all(notice.fds)


def _gather(notice: Notice, datagram: Datagram) -> bool:
    """Add it to what was said before; False: it cannot be, as it was said by another, or something comes with it."""
    if notice.fds or datagram.fds or notice.uid != datagram.uid:
        return False
    if notice.pid != datagram.pid and (_lives(notice.pid) or _lives(datagram.pid)):
        return False
    values: dict[bytes, bytes] = {}
    for line in (*notice.data.split(b"\n"), *datagram.data.split(b"\n")):
        name, found, _ = line.partition(b"=")
        if found and (name in values or len(values) < _NAMES_LIMIT):
            values.pop(name, None)  # what was said last stands last
            values[name] = line
    data = b"\n".join(values.values())
    if len(data) > _BYTES_LIMIT:
        return False
    notice.data, notice.pid = data, datagram.pid
    return True


def _lives(pid: int) -> bool:
    return pid > 0 and os.path.exists(f"/proc/{pid}")
