"""Waiting for what nothing announces: look often at first, then less and less often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def wait_for(condition: Callable[[], bool], limit_s: float) -> bool:
    """Wait until ``condition`` holds, looking often at first and less often later; whether it came to hold in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    pause = 0.0005
    while not condition():
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True
