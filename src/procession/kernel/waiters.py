"""Waking who waits in the event loop. Between the event and the wake-up the waiter may have been cancelled."""

from __future__ import annotations

import asyncio


def wake(waiter: asyncio.Future[None]) -> None:
    """Resolve ``waiter``, unless it was resolved or cancelled already."""
    if not waiter.done():
        waiter.set_result(None)
