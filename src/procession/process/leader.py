"""The leader: the one process of a tree that was started by us, held by its descriptor until its end is known.

Here: a leader that is our own child, and what all leaders have in common. One whose parent is a keeper: `kept_leader`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from procession.kernel import pidfd
from procession.kernel.fork_exec import Child
from procession.kernel.waiters import wake
from procession.model.outcome import Usage
from procession.model.record import ExitFact

OnExit = Callable[[ExitFact], None]


class Leader(ABC):
    """A process we started. ``is_looked_at``: its being stopped or continued is seen only by looking."""

    is_looked_at = True

    def __init__(self, child: Child) -> None:
        """Take ownership of the descriptor."""
        self.pid = child.pid
        self._descriptor = child.pidfd
        self._loop = asyncio.get_running_loop()
        self._waiters: list[asyncio.Future[None]] = []
        self._on_exit: OnExit = _nobody
        self._is_over = False

    def __del__(self) -> None:
        """Let the descriptor go, if the event loop itself was closed before the process ended."""
        descriptor: int | None = getattr(self, "_descriptor", None)
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    @abstractmethod
    def watch(self, on_exit: OnExit, on_stop: Callable[[], None]) -> None:
        """Begin to wait: ``on_exit`` hears once, from the event loop, what was learnt of its end.

        ``on_stop`` hears that `stop_state_changed` has news, where that is announced.
        """

    @abstractmethod
    def stop_state_changed(self) -> bool | None:
        """Tell whether it was stopped (True) or continued (False) since last asked."""

    @abstractmethod
    def end_at_once(self) -> None:
        """Kill it while nobody watches it yet."""

    def inode(self) -> int:
        """Give the inode of its descriptor, which with the boot is an identity for ever; 0 when it is gone."""
        return 0 if self._descriptor is None else os.fstat(self._descriptor).st_ino

    def has_ended(self) -> bool:
        """Whether it has ended, seen by us or not."""
        return self._descriptor is None or pidfd.has_ended(self._descriptor)

    def signal(self, number: int) -> bool:
        """Signal it and nobody else; False if it has ended. Raises: PermissionError."""
        if self._descriptor is None or pidfd.has_ended(self._descriptor):
            return False
        return pidfd.send_signal(self._descriptor, number)

    def end_waiter(self) -> asyncio.Future[None]:
        """Give a future that is resolved when its end is known."""
        waiter = self._loop.create_future()
        if self._is_over:
            waiter.set_result(None)
        else:
            self._waiters.append(waiter)
        return waiter

    def release(self) -> None:
        """Let it live on without us."""
        self._let_go()

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _end(self, fact: ExitFact) -> None:
        self._is_over = True
        self._on_exit(fact)
        for waiter in self._waiters:
            wake(waiter)


class OwnLeader(Leader):
    """Our own child: we are told by its descriptor, and reap it."""

    def watch(self, on_exit: OnExit, on_stop: Callable[[], None]) -> None:  # noqa: ARG002 - nothing announces it
        """Wait for its descriptor."""
        self._on_exit = on_exit
        if self._descriptor is None:
            self._loop.call_soon(self._end, ExitFact(status=None, at=time.time()))
        else:
            self._loop.add_reader(self._descriptor, self._look)

    def stop_state_changed(self) -> bool | None:
        """Ask the kernel."""
        return None if self._descriptor is None else pidfd.stop_state_changed(self._descriptor)

    def end_at_once(self) -> None:
        """Kill and reap it."""
        if self._descriptor is not None:
            pidfd.send_signal(self._descriptor, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PIDFD, self._descriptor, os.WEXITED)
            self._let_go()

    def release(self) -> None:
        """Stop waiting for it."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
        self._let_go()

    def _look(self) -> None:
        assert self._descriptor is not None
        reaped = pidfd.reap(self.pid, self._descriptor)
        if reaped is not None:
            self._loop.remove_reader(self._descriptor)
            self._let_go()
            self._end(ExitFact(status=reaped.status, at=time.time(), usage=_usage(reaped.usage)))


def _usage(raw: resource.struct_rusage | None) -> Usage | None:
    if raw is None:
        return None
    # until exec, a vforked child counts with our memory: docs/design/gotchas.md, "A small child's peak memory is ours"
    is_its_own = raw.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Usage(user_s=raw.ru_utime, system_s=raw.ru_stime, max_rss_bytes=raw.ru_maxrss * 1024 if is_its_own else None)


def _nobody(_: ExitFact) -> None:
    """Hear of an exit that nobody waits for."""
