"""A leader whose parent is a keeper: the keeper tells its end; where the keeper itself is gone, the kernel may.

Signals go through our own descriptor, so that a kill works although the keeper is busy, stopped or dead.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Final, Protocol

from procession.kernel import pidfd, proc
from procession.kernel.fork_exec import Child
from procession.model.record import ExitFact
from procession.process.leader import Leader, OnExit

REAP_LIMIT_S: Final = 5.0
"""How long whoever is the parent now may take to reap: one that takes longer may never do it."""

_LOST = "whoever reaped it did not tell: its keeper was gone"


class Link(Protocol):
    """What a leader needs of the connection to its keeper."""

    def watch(self, leader: KeptLeader, /) -> None:
        """Tell ``leader`` what happens to it."""

    def forget(self, key: int, /) -> None:
        """Tell nobody of ``key`` any more."""


class KeptLeader(Leader):
    """A child of the keeper behind ``link``, known there as ``key``; without a link, a child of nobody we know."""

    is_looked_at = False

    def __init__(self, child: Child, key: int, link: Link | None, *, on_lost: Callable[[], None] | None = None) -> None:
        """Take ownership of the descriptor. ``on_lost`` hears that the keeper is gone."""
        super().__init__(child)
        self.key = key
        self._link = link
        self._on_lost = on_lost or _nobody
        self._on_stop: Callable[[], None] = _nobody
        self._stop_change: bool | None = None
        self._hang_up: select.epoll | None = None
        self._patience: asyncio.TimerHandle | None = None

    def watch(self, on_exit: OnExit, on_stop: Callable[[], None]) -> None:
        """Wait for the keeper's word."""
        self._on_exit, self._on_stop = on_exit, on_stop
        if self._link is not None:
            self._link.watch(self)
        else:
            self._follow_alone()

    def stop_state_changed(self) -> bool | None:
        """Give what the keeper told last, once."""
        change, self._stop_change = self._stop_change, None
        return change

    def end_at_once(self) -> None:
        """Kill it; the keeper reaps."""
        if self._descriptor is not None:
            pidfd.send_signal(self._descriptor, signal.SIGKILL)
        self.release()

    def release(self) -> None:
        """Leave it to its keeper."""
        if self._link is not None:
            self._link.forget(self.key)
        self._stop_following()
        self._let_go()

    # --- told by the link ---------------------------------------------------------------------------------------------

    def take_exit(self, fact: ExitFact) -> None:
        """Hear from the keeper how it ended."""
        self._stop_following()
        self._let_go()
        self._end(fact)

    def take_stop(self, *, stopped: bool) -> None:
        """Hear that somebody stopped or continued it."""
        self._stop_change = stopped
        self._on_stop()

    def lose_keeper(self) -> None:
        """Know that the keeper is gone: whoever reaps it now, only the kernel can still tell us how it ended."""
        self._link = None
        self._on_lost()
        self._follow_alone()

    # --- without a keeper ---------------------------------------------------------------------------------------------

    def _follow_alone(self) -> None:
        """Wait until it was reaped: earlier, while it is a zombie, the kernel does not tell its status yet."""
        if self._descriptor is None:
            self._loop.call_soon(self._end_alone)
            return
        # a descriptor of a process says "readable" of a zombie, and "hung up" once that was reaped; asyncio cannot
        # wait for the second alone, an epoll of its own can
        self._hang_up = select.epoll()
        self._hang_up.register(self._descriptor, select.EPOLLIN)
        self._loop.add_reader(self._hang_up.fileno(), self._look_alone)

    def _look_alone(self) -> None:
        """It has ended; once it was reaped, too, or was not for too long, its end is as known as it will ever be."""
        assert self._hang_up is not None
        assert self._descriptor is not None
        if any(event & select.EPOLLHUP for _, event in self._hang_up.poll(0)):
            self._end_alone()
            return
        self._hang_up.modify(self._descriptor, 0)
        self._patience = self._loop.call_later(REAP_LIMIT_S, self._end_alone)

    def _end_alone(self) -> None:
        status = None if self._descriptor is None else pidfd.exit_status(self._descriptor)
        self._stop_following()
        self._let_go()
        self._end(ExitFact(status=status, at=time.time(), lost=None if status is not None else _LOST))

    def _stop_following(self) -> None:
        if self._hang_up is not None:
            self._loop.remove_reader(self._hang_up.fileno())
            self._hang_up.close()
            self._hang_up = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class EndedLeader(Leader):
    """A leader whose end is known already, or will never be: what is left of its tree is still to be ended."""

    is_looked_at = False

    def __init__(self, pid: int, fact: ExitFact) -> None:
        """Know its end."""
        super().__init__(Child(pid, None))
        self._fact = fact

    def watch(self, on_exit: OnExit, on_stop: Callable[[], None]) -> None:  # noqa: ARG002 - it stops no more
        """Tell it in the next turn of the loop."""
        self._on_exit = on_exit
        self._loop.call_soon(self._end, self._fact)

    def stop_state_changed(self) -> bool | None:
        """Nothing changes any more."""
        return None

    def end_at_once(self) -> None:
        """It has ended."""


def open_leader(pid: int, start_ticks: int) -> int | None:
    """Open a descriptor on exactly this process; None if it is gone, whoever has its number now."""
    descriptor = pidfd.open_pidfd(pid)
    if descriptor is None:
        return None
    stat = proc.read_stat(pid)
    if stat is None or stat.start_ticks != start_ticks or pidfd.has_ended(descriptor):
        os.close(descriptor)
        return None
    return descriptor


def _nobody() -> None:
    """Hear of what nobody waits for."""
