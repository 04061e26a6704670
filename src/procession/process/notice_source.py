"""The socket at which one process is listened to. Not here: what comes of what is said (`notices`)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from procession.process.private_directory import forget_socket
from procession.wire.notice_socket import Datagram, receive_datagram

_READS_PER_CALL = 64

Take = Callable[[Datagram], None]


class NoticeSource:
    """The socket of one process, bound to ``path``; its name goes when it is closed, but not when it is released."""

    def __init__(self, listening: socket.socket, path: str) -> None:
        listening.setblocking(False)
        self._listening = listening
        self._path = path
        self._take: Take | None = None
        self._is_open = True

    def begin(self, take: Take) -> None:
        """Give each notice to ``take``, in the running loop."""
        self._take = take
        asyncio.get_running_loop().add_reader(self._listening.fileno(), self._read)

    def settle(self) -> None:
        """All that was taken is told on: nobody waits for that."""

    def finish(self) -> None:
        """Read what is there."""
        if self._is_open:
            self._read()

    def close(self, *, is_kept: bool = False) -> None:
        """Close it, and remove its name unless somebody goes on with it."""
        if self._is_open:
            self._is_open = False
            if self._take is not None:
                asyncio.get_running_loop().remove_reader(self._listening.fileno())
            self._listening.close()
            if not is_kept:
                forget_socket(self._path)

    def _read(self) -> None:
        assert self._take is not None
        for _ in range(_READS_PER_CALL):
            datagram = receive_datagram(self._listening)
            if datagram is None:
                return
            self._take(datagram)
