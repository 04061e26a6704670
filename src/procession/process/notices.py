"""What a running program says about itself (sd_notify): whether it may, what is told of it, and what follows at once.

The socket is this program's own. Who reads it: we (`notice_source`), or a keeper for us (`relayed_notices`).
Not here: readiness as a condition for others (`procession.supervisor.readiness`).
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from procession.ipc.notices import EXTEND, MAINPID, READY, WATCHDOG, WATCHDOG_USEC, Gathering, parse_notice, read_usec
from procession.kernel import proc
from procession.kernel.waiters import Waiters
from procession.model.event import Event, NoticeRejected, Notified, WatchdogMissed
from procession.process.watchdog import Watchdog
from procession.wire.frames import close_all

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.process.deadline import Deadline
    from procession.process.notice_source import NoticeSource
    from procession.process.relayed_notices import RelayedSource
    from procession.process.tree import Tree
    from procession.wire.notice_socket import Datagram


_FD_NAME = re.compile(r"[!-9;-~]{1,255}")
"""Printable, and without the colon that separates names in LISTEN_FDNAMES."""


class Store(Protocol):
    """Takes descriptors that a program gives into care; they are its own then."""

    def add(self, name: str, descriptors: Sequence[int]) -> None:
        """Take them under this name."""

    def remove(self, name: str) -> None:
        """Let go of those of this name."""


class Notices:
    """Hears one process; without a source it hears nothing."""

    def __init__(
        self, command: Command, source: NoticeSource | RelayedSource | None, tree: Tree, tell: Callable[[Event], None]
    ) -> None:
        """Begin to hear. Must be called within the event loop."""
        self._interval_s = command.watchdog_s
        self._source = source
        self._tree = tree
        self._tell = tell
        self._watchdog: Watchdog | None = None
        self._deadline: Deadline | None = None
        self._on_silence: Callable[[], None] = _do_nothing
        self.extend_ending: Callable[[float], None] = _ignore
        """Gives an ending that is under way more time, in seconds."""
        self._gathering = Gathering()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._waiters = Waiters()
        self.store: Store | None = None
        self.is_ready = False
        self.is_over = False
        if source is not None:
            source.begin(self._take)

    def act(self, deadline: Deadline | None, on_silence: Callable[[], None]) -> Watchdog | None:
        """Move ``deadline`` when asked to; call ``on_silence`` where signs of life are due and none comes."""
        self._deadline = deadline
        if self._interval_s is not None and self._source is not None:
            self._on_silence = on_silence
            self._watchdog = Watchdog(self._interval_s, self._miss)
        return self._watchdog

    def _miss(self) -> None:
        self._tell(WatchdogMissed(at=time.time(), interval_s=self._interval_s or 0.0))
        self._on_silence()

    async def ready(self) -> bool:
        """Wait for READY=1; False: it ended before it said so."""
        while not (self.is_ready or self.is_over):
            await self._waiters.wait()
        return self.is_ready

    def finish(self) -> None:
        """Take what it said before it ended, and tell all that waits to be told."""
        if not self.is_over:
            if self._source is not None:
                self._source.finish()
            self._flush()
            self.is_over = True
            if self._watchdog is not None:
                self._watchdog.cancel()
            self._waiters.wake_all()

    def close(self) -> None:
        """Hear no more."""
        self.finish()
        if self._source is not None:
            self._source.close()

    def release(self) -> None:
        """Leave it to whoever comes after us."""
        self._flush()
        self.is_over = True
        if self._source is not None:
            self._source.close(is_kept=True)
        if self._timer is not None:
            self._timer.cancel()
        if self._watchdog is not None:
            self._watchdog.cancel()

    def _take(self, datagram: Datagram) -> None:
        fields = parse_notice(datagram.data)
        if fields and not self.is_over:
            self._judge(datagram, fields)
        close_all(datagram.fds)
        self._settle()

    def _judge(self, datagram: Datagram, fields: dict[str, str]) -> None:
        stranger = self._why_not(datagram, fields)
        if stranger is not None:
            self._tell(NoticeRejected(at=time.time(), reason=stranger, pid=datagram.pid))
            return
        self._act(fields)
        self._keep(datagram, fields)
        for told in self._gathering.take(fields, self._loop.time()):
            self._tell(Notified(at=time.time(), fields=told))
        self._flush_later()

    def _why_not(self, datagram: Datagram, fields: dict[str, str]) -> str | None:
        """Say why nothing of it is to be believed; None if there is no reason.

        The socket is this program's own, so what comes from a sender that is gone already is believed; one that lives
        has to be of its tree. Root may speak in another's name, as systemd-notify(1) does.
        """
        if datagram.uid not in (os.geteuid(), 0):
            return f"it came from user {datagram.uid}"
        pid = datagram.pid
        if pid and _lives(pid) and not self._tree.has(pid) and _lives(pid):  # it may end while we look
            return "its sender is no part of this program"
        main = fields.get(MAINPID)
        if main is not None and main != str(pid) and not (main.isdigit() and self._tree.has(int(main))):
            return f"MAINPID={main[:20]} is no part of this program"
        return None

    def _act(self, fields: dict[str, str]) -> None:
        if fields.get(READY) == "1" and not self.is_ready:
            self.is_ready = True
            self._waiters.wake_all()
        more_s = read_usec(fields.get(EXTEND))
        if more_s is not None:
            self.extend_ending(more_s)
            if self._deadline is not None:
                self._deadline.extend(more_s)
        if self._watchdog is not None:
            interval_s = read_usec(fields.get(WATCHDOG_USEC))
            if interval_s:
                self._interval_s = interval_s
                self._watchdog.change(interval_s)
            if fields.get(WATCHDOG) == "1":
                self._watchdog.ping()
            elif fields.get(WATCHDOG) == "trigger":
                self._watchdog.trigger()

    def _keep(self, datagram: Datagram, fields: dict[str, str]) -> None:
        """Give descriptors into care, or no longer."""
        if self.store is None:
            return
        name = fields.get("FDNAME", "")
        name = name if _FD_NAME.fullmatch(name) else "stored"
        if datagram.fds and fields.get("FDSTORE") == "1":
            fds, datagram.fds = datagram.fds, ()
            self.store.add(name, fds)
        elif fields.get("FDSTOREREMOVE") == "1":
            self.store.remove(name)

    def _flush_later(self) -> None:
        due_at = self._gathering.due_at()
        if self._timer is None and due_at is not None:
            self._timer = self._loop.call_at(due_at, self._flush)

    def _settle(self) -> None:
        """Whoever keeps what we took may forget it, unless something of it waits to be told."""
        if self._source is not None and self._gathering.due_at() is None:
            self._source.settle()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for told in self._gathering.flush(self._loop.time()):
            self._tell(Notified(at=time.time(), fields=told))
        self._settle()


def _do_nothing() -> None:
    return


def _ignore(_more_s: float) -> None:
    return


def _lives(pid: int) -> bool:
    stat = proc.read_stat(pid)
    return stat is not None and not (stat.is_gone or stat.is_ending)
