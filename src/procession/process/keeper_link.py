"""Our end of the socket to a keeper: requests out, facts in, in the order in which they happened.

Nothing here blocks, and nothing decides. An exit that was told stays with the keeper until `acknowledge`: whoever must
not lose it writes it down first. Not here: starting a keeper or finding one (`keepers`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from procession.errors import KeeperLost, KeeperUnavailable
from procession.kernel import pidfd
from procession.kernel.fork_exec import Child, ExecFailed
from procession.model.record import ExitFact
from procession.process.exit_fact import exit_fact
from procession.process.keeper_socket import KeeperSocket
from procession.process.relayed_notices import NoticeDesk
from procession.wire import exits, frames
from procession.wire.notice_socket import Datagram

if TYPE_CHECKING:
    from procession.process.kept_leader import KeptLeader


_ACKNOWLEDGED_TOGETHER = 64


class Greeting(NamedTuple):
    """What a keeper says when one attaches: who it is, what lives, what it holds, and the pids of those that ended.

    How these ended waits in the link for whoever watches them.
    """

    pid: int
    boot_id: str
    running: dict[int, Child]
    held: dict[tuple[int, str], int | None]
    ended: dict[int, int]


Told = tuple[int, int, ExitFact]
"""An exit as a keeper counts it, whose it is, and what is known of it."""


class KeeperLink:
    """One connection. ``on_lost`` hears that the keeper is gone, after all leaders did."""

    def __init__(
        self, connection: socket.socket, *, acknowledges: bool, last_words: Callable[[], Iterable[Told]] = tuple
    ) -> None:
        """Take ownership of a connected socket, within the event loop.

        acknowledges: exits, as soon as they have come. last_words: exits that a keeper which is gone wrote down.
        """
        self.is_lost = False
        self._last_words = last_words
        self.on_lost: Callable[[], None] = _nothing
        self._acknowledges = acknowledges
        self._is_leaving = False
        self._starting: dict[int, asyncio.Future[Child]] = {}
        self._unwanted: set[int] = set()
        self._leaders: dict[int, KeptLeader] = {}
        self._told: dict[int, tuple[int, ExitFact]] = {}
        self._last_exit = self._acknowledged = 0
        self.notices = NoticeDesk()
        self._heard = 0
        self._greeting: list[frames.Frame] = []
        self._welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._socket = KeeperSocket(connection, self._take_all, self._lose)
        _links.add(self)

    async def greet(self) -> Greeting:
        """Wait until the keeper has said all it knows. Raises: KeeperUnavailable: busy, or of another version."""
        await self._welcome
        return _read_greeting(self._greeting)

    async def spawn(
        self, key: int, body: Sequence[bytes], descriptors: Sequence[int], *, limit_s: float | None = None
    ) -> Child:
        """Have a program started. Raises: ExecFailed, TimeoutError; KeeperLost: nobody knows whether it was."""
        if self.is_lost:
            raise _lost()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Child] = loop.create_future()
        self._starting[key] = answer
        self._socket.send(frames.SPAWN, key, body, descriptors)
        if limit_s is None:
            return await answer
        timer = loop.call_later(limit_s, _give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    def hold(self, key: int, name: str, descriptor: int) -> None:
        """Have a copy of ``descriptor`` kept, whatever happens to us."""
        self._socket.send(frames.HOLD, key, [name.encode()], [descriptor])

    def listen(self, key: int, descriptor: int) -> None:
        """Have a program listened to at this socket, for whoever hears ``key`` of `notices`."""
        self._socket.send(frames.LISTEN, key, [], [descriptor])

    def drop(self, key: int, name: str = "") -> None:
        """Have what is held under this name let go; all of ``key`` without one."""
        if not name:
            self.notices.remove(key)
        self._socket.send(frames.DROP, key, [name.encode()])

    def shut_down(self, grace_s: float) -> None:
        """Have everything ended that is left, and then the keeper."""
        self._socket.send(frames.SHUTDOWN, 0, [b"%g" % grace_s])

    def acknowledge(self) -> None:
        """Let the keeper forget the exits and the notices that were taken: they are written down."""
        heard = self.notices.settled_upto()
        if heard > self._heard and not self.is_lost:
            self._heard = heard
            self._socket.send(frames.HEARD, heard)
        upto = min((number for number, _ in self._told.values()), default=self._last_exit + 1) - 1
        if upto > self._acknowledged and not self.is_lost:
            self._acknowledged = upto
            self._socket.send(frames.ACK, upto)

    def _acknowledge_many(self) -> None:
        """Let a keeper that nobody will attach to again forget them, but do not wake it for each single one."""
        if self._last_exit - self._acknowledged >= _ACKNOWLEDGED_TOGETHER or self.notices.settled_upto() > self._heard:
            self.acknowledge()

    def watch(self, leader: KeptLeader) -> None:
        """Tell ``leader`` what happens to it, and what has happened."""
        if self.is_lost:
            leader.lose_keeper()
            return
        self._leaders[leader.key] = leader
        if leader.key in self._told:
            asyncio.get_running_loop().call_soon(self._tell_exit, leader.key)

    def forget(self, key: int) -> None:
        """Nobody wants to hear of ``key``."""
        self._leaders.pop(key, None)
        self._told.pop(key, None)
        if self._acknowledges:
            self._acknowledge_many()

    def leave(self) -> None:
        """Be about to close: what is still being started is for whoever comes next, even if its start is cancelled."""
        self._is_leaving = True

    def close(self) -> None:
        """Leave the keeper to itself."""
        self._lose_quietly()

    def close_after_fork(self) -> None:
        """In a forked copy of this process: the keeper must not take it for us."""
        self._socket.close_after_fork()

    # --- what comes ---------------------------------------------------------------------------------------------------

    def _take_all(self, arrived: Sequence[frames.Frame]) -> None:
        for frame in arrived:
            if self._welcome.done():
                self._take(frame)
            else:
                self._take_greeting(frame)
        if self._acknowledges:
            self._acknowledge_many()

    def _take_greeting(self, frame: frames.Frame) -> None:
        if frame.op == frames.BUSY:
            self._welcome.set_exception(KeeperUnavailable("another supervisor is attached to the keeper"))
        elif frame.op == frames.WELCOME:
            self._welcome.set_result(None)
        else:
            self._greeting.append(frame)
            if frame.op == frames.EXITED:
                self._keep_exit(frame)
            elif frame.op == frames.NOTICED:
                self._take_notice(frame)

    def _take(self, frame: frames.Frame) -> None:
        match frame.op:
            case frames.STARTED:
                self._started(frame.id, _child(frame))
            case frames.REFUSED:
                answer = self._starting.pop(frame.id, None)
                if answer is not None and not answer.done():
                    answer.set_exception(ExecFailed(int(frame.fields[0]), frame.fields[1].decode()))
            case frames.NOTICED:
                self._take_notice(frame)
            case frames.EXITED:
                self._keep_exit(frame)
                if frame.id in self._leaders:
                    self._tell_exit(frame.id)
            case frames.STOPPED | frames.CONTINUED:
                leader = self._leaders.get(frame.id)
                if leader is not None:
                    leader.take_stop(stopped=frame.op == frames.STOPPED)
        frame.close()

    def _take_notice(self, frame: frames.Frame) -> None:
        number, pid, uid = map(int, frame.fields[:3])
        fds, frame.fds = frame.fds or (), ()
        self.notices.take(number, frame.id, Datagram(frame.fields[3], pid, uid, fds))

    def _started(self, key: int, child: Child) -> None:
        answer = self._starting.pop(key, None)
        if answer is not None and not answer.done():
            answer.set_result(child)
            return
        self._unwanted.add(key)  # whoever asked for it was cancelled
        if child.pidfd is not None:
            if not self._is_leaving:
                with contextlib.suppress(PermissionError):
                    pidfd.send_signal(child.pidfd, signal.SIGKILL)
            os.close(child.pidfd)

    def _keep_exit(self, frame: frames.Frame) -> None:
        told = exits.decode_exit(frame.id, frame.fields)
        number, fact = told.seq, exit_fact(told)
        self._last_exit = max(self._last_exit, number)
        if frame.id in self._unwanted:  # kept, it would hold up the acknowledgement of all that come after it
            self._unwanted.discard(frame.id)
        else:
            self._told[frame.id] = number, fact

    def _tell_exit(self, key: int) -> None:
        leader, told = self._leaders.pop(key, None), self._told.pop(key, None)
        if leader is not None and told is not None:
            leader.take_exit(told[1])

    # --- its end ------------------------------------------------------------------------------------------------------

    def _lose(self) -> None:
        """The keeper is gone: starts under way end, leaders go on alone."""
        self._lose_quietly()
        if not self._welcome.done():
            self._welcome.set_exception(KeeperUnavailable("the keeper ended while it greeted"))
        for answer in self._starting.values():
            if not answer.done():
                answer.set_exception(_lost())
        self._starting.clear()
        for number, key, fact in self._last_words():
            self._told.setdefault(key, (number, fact))
        for key in [key for key in self._leaders if key in self._told]:
            self._tell_exit(key)
        leaders, self._leaders = self._leaders, {}
        for leader in leaders.values():
            leader.lose_keeper()
        self.notices.lose()
        self.on_lost()

    def _lose_quietly(self) -> None:
        self.is_lost = True
        self._socket.close()
        _links.discard(self)


def _read_greeting(arrived: Sequence[frames.Frame]) -> Greeting:
    hello = arrived[0]
    _check_version(hello)
    running, held, ended = {}, {}, {}
    for frame in arrived[1:]:
        if frame.op == frames.RUNNING:
            running[frame.id] = _child(frame)
        elif frame.op == frames.HELD:
            held[frame.id, frame.fields[0].decode()] = _only(frame)
        elif frame.op == frames.EXITED:
            ended[frame.id] = int(frame.fields[1])
    return Greeting(hello.id, hello.fields[1].decode(), running, held, ended)


def _check_version(hello: frames.Frame) -> None:
    """Speak only with who speaks as we do. Raises: KeeperUnavailable."""
    version = hello.version
    if version != frames.VERSION:
        message = f"the keeper that runs (process {hello.id}) speaks version {version}, we speak {frames.VERSION}"
        hint = "use the procession that started it, let its tasks end, and stop that daemon with --kill"
        raise KeeperUnavailable(message, hint=hint)


def _child(frame: frames.Frame) -> Child:
    return Child(int(frame.fields[0]), _only(frame))


def _only(frame: frames.Frame) -> int | None:
    """Take the one descriptor of a frame; None where the kernel had no room for it (we have none left)."""
    descriptors, frame.fds = frame.fds, ()
    return descriptors[0] if descriptors else None


def _lost() -> KeeperLost:
    return KeeperLost("the keeper ended while it was to start a program: nobody knows whether it did", command="")


def _give_up(answer: asyncio.Future[Child]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def _nothing() -> None:
    """Hear of a loss that nobody waits for."""


_links: weakref.WeakSet[KeeperLink] = weakref.WeakSet()


def _close_links() -> None:
    for link in tuple(_links):
        link.close_after_fork()


os.register_at_fork(after_in_child=_close_links)
