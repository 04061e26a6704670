"""Waking who waits in the event loop. Between the event and the wake-up the waiter may have been cancelled."""

from __future__ import annotations

import asyncio


def wake(waiter: asyncio.Future[None]) -> None:
    """Resolve ``waiter``, unless it was resolved or cancelled already."""
    if not waiter.done():
        waiter.set_result(None)


class Waiters:
    """All who wait for the same news. Each looks again when it is woken: it may be another's."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Wait to be woken."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def wake_all(self) -> None:
        """There is news."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            wake(waiter)
