"""The leader: the one process of a tree that is our own child, held by its descriptor until it is reaped."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

from procession.kernel import pidfd
from procession.kernel.fork_exec import Child
from procession.kernel.waiters import wake


class Leader:
    """Our child. ``on_exit`` hears once, from the event loop, what was learnt of its end."""

    def __init__(self, child: Child, on_exit: Callable[[pidfd.Reaped], None]) -> None:
        """Take ownership of the child."""
        self.pid = child.pid
        self._descriptor = child.pidfd
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._waiters: list[asyncio.Future[None]] = []

    def __del__(self) -> None:
        """Let the descriptor go, if the event loop itself was closed before the process ended."""
        descriptor: int | None = getattr(self, "_descriptor", None)
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def watch(self) -> None:
        """Begin to wait for its end."""
        if self._descriptor is None:
            self._loop.call_soon(self._end, pidfd.Reaped(None, None))
        else:
            self._loop.add_reader(self._descriptor, self._look)

    def has_ended(self) -> bool:
        """Whether it has ended, seen by us or not."""
        return self._descriptor is None or pidfd.has_ended(self._descriptor)

    def signal(self, number: int) -> bool:
        """Signal it and nobody else; False if it has ended. Raises: PermissionError."""
        if self._descriptor is None or pidfd.has_ended(self._descriptor):
            return False
        return pidfd.send_signal(self._descriptor, number)

    def stop_state_changed(self) -> bool | None:
        """Tell whether it was stopped (True) or continued (False) since last asked."""
        return None if self._descriptor is None else pidfd.stop_state_changed(self._descriptor)

    def end_waiter(self) -> asyncio.Future[None]:
        """Give a future that is resolved when it was reaped."""
        waiter = self._loop.create_future()
        if self._descriptor is None:
            waiter.set_result(None)
        else:
            self._waiters.append(waiter)
        return waiter

    def _look(self) -> None:
        assert self._descriptor is not None
        reaped = pidfd.reap(self.pid, self._descriptor)
        if reaped is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
            self._end(reaped)

    def _end(self, reaped: pidfd.Reaped) -> None:
        self._on_exit(reaped)
        for waiter in self._waiters:
            wake(waiter)
