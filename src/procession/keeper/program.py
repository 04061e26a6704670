"""The keeper's one loop: it polls for signals, for its controller, for a new one, and for the end of its host.

There is no timer but that of the ending; idle, nothing runs. Not here: what is done.
"""

from __future__ import annotations

import _socket
import os
import select

from procession.keeper import telling
from procession.keeper.children import Children
from procession.keeper.controller import Controller
from procession.keeper.ending import Ending
from procession.keeper.held import HeldDescriptors
from procession.keeper.inheritance import NOFILE, Inheritance
from procession.keeper.journal import Journal
from procession.keeper.leaves import Leaves
from procession.keeper.notices import KeptNotices
from procession.keeper.requests import Requests
from procession.kernel.pidfd_open import open_pidfd
from procession.wire.passing import peer_of, send

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


def run_keeper(arguments: list[str]) -> int:
    """Be the keeper until it is to end; give the exit code."""
    inheritance = Inheritance()
    mode, number, setting, home_procs = arguments
    fd = inheritance.move_high(int(number))
    if mode == "attached":
        keeper = Keeper(inheritance, mode, Journal(None, inheritance.move_high), home_procs)
        keeper.attach(_open_socket(fd), float(setting))
    else:
        keeper = Keeper(inheritance, mode, Journal(setting, inheritance.move_high), home_procs)
        keeper.listen(_open_socket(fd))
    return keeper.run()


class Keeper:
    """Everything together."""

    def __init__(self, inheritance: Inheritance, mode: str, journal: Journal, home_procs: str) -> None:
        """Begin with no children and no controller."""
        self._inheritance = inheritance
        self._journal = journal
        self._leaves = Leaves(home_procs, inheritance.move_high)
        self._children = Children(self._leaves, journal, {NOFILE: inheritance.nofile_soft})
        self._notices = KeptNotices(inheritance.move_high)
        self._truth = telling.Truth(mode.encode(), self._children, HeldDescriptors(), self._notices, journal)
        self._requests = Requests(self._truth, self._end)
        self._controller: Controller | None = None
        self._listener: _socket.socket | None = None
        self._host = -1
        self._grace_s = 0.0
        self._ending: Ending | None = None
        self._has_children = True

    def attach(self, socket: _socket.socket, grace_s: float) -> None:
        """Serve this one connection, and end when it ends or its maker does: a fork of that may hold it open."""
        self._grace_s = grace_s
        pid, _ = peer_of(socket)
        host = open_pidfd(pid) if pid > 0 else None
        if host is not None:
            self._host = self._inheritance.move_high(host)
        self._greet(socket)

    def listen(self, listener: _socket.socket) -> None:
        """Serve whoever connects, one at a time."""
        self._listener = listener

    def run(self) -> int:
        """Go round until it is over."""
        while True:
            ready = self._poll()
            if self._notices.fd in ready:
                self._notices.read()
            if self._inheritance.wakeup_fd in ready:
                self._reap()
            self._serve()
            if self._host in ready:
                self._host = -1
                self._end(self._grace_s)
            if self._listener is not None and self._listener.fileno() in ready:
                self._accept(self._listener)
            if self._ending is not None and self._is_over(self._ending):
                if self._controller is None:  # nobody is left who could do it
                    self._leaves.remove()
                return 0

    def _poll(self) -> set[int]:
        poll = select.poll()
        listener = self._listener.fileno() if self._listener else -1
        for fd in (self._inheritance.wakeup_fd, self._notices.fd, self._host, listener):
            if fd >= 0:
                poll.register(fd, select.POLLIN)
        controller = self._controller
        if controller is not None:
            poll.register(controller.socket.fileno(), controller.events())
        timeout_s = self._ending.timeout_s() if self._ending else None
        if controller is not None and controller.has_more():
            timeout_s = 0.0
        return {
            fd for fd, event in poll.poll(None if timeout_s is None else timeout_s * 1000) if event & ~select.POLLNVAL
        }

    def _reap(self) -> None:
        _drain(self._inheritance.wakeup_fd)
        self._notices.read()  # what somebody said before its end
        exits, changed, self._has_children = self._children.reap()
        if exits:
            self._journal.add(exits)
        if self._controller is not None:
            self._controller.tell(exits, changed)

    def _serve(self) -> None:
        """Send, and do what the controller asks; when it is gone, forget it, or end if it was our host."""
        controller = self._controller
        if controller is None:
            return
        controller.flush()
        for frame in controller.requests():
            self._requests.carry_out(frame, controller)
        controller.flush()  # what was acknowledged makes room for more
        if controller.is_done():
            controller.close()
            self._controller = None
            if self._listener is None:
                self._end(self._grace_s)

    def _accept(self, listener: _socket.socket) -> None:
        """Greet the next controller, unless there is one, or it is not our user's.

        One that is gone is read to its end first, in the turns to come: the greeting tells what its requests led to.
        """
        if self._controller is not None and self._controller.is_gone():
            return
        try:
            fd, _ = listener._accept()  # type: ignore[attr-defined]  # what `socket.accept` is made of
        except OSError:  # it has gone again, or there is no descriptor for it
            return
        socket = _open_socket(self._inheritance.move_high(fd))
        _, uid = peer_of(socket)
        if uid == os.geteuid() and self._controller is None:
            self._greet(socket)
            return
        if uid == os.geteuid():
            _send_busy(socket)
        socket.close()

    def _greet(self, socket: _socket.socket) -> None:
        self._journal.write()
        self._controller = Controller(socket, self._truth, self._inheritance)
        self._controller.flush()

    def _end(self, grace_s: float) -> None:
        if self._ending is not None:
            self._ending.shorten(grace_s)
            return
        self._requests.is_ending = True
        self._ending = Ending(self._leaves, self._children.pids(), grace_s)

    def _is_over(self, ending: Ending) -> bool:
        self._reap()  # nobody may be left already: then nothing will wake us, and the grace would be waited for in vain
        return ending.turn(has_children=self._has_children, has_news=self._has_news())

    def _has_news(self) -> bool:
        return self._controller is not None and not self._controller.is_flushed()


def _open_socket(fd: int) -> _socket.socket:
    socket = _socket.socket(fileno=fd)
    socket.setblocking(False)
    return socket


def _send_busy(socket: _socket.socket) -> None:
    try:
        send(socket, telling.busy())
    except OSError:
        return


def _drain(fd: int) -> None:
    try:
        os.read(fd, 4096)
    except BlockingIOError:
        return
