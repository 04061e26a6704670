"""Looking again and again where nothing announces a change: soon at first, then once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0
LOOK_LIMIT_S: Final = 5.0
"""How long one look may take."""


async def look_until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Return once ``is_so``; a look that fails or takes too long is answered by the next one."""
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            async with asyncio.timeout(LOOK_LIMIT_S):
                if await is_so():
                    return
        except (OSError, TimeoutError):
            pass  # nobody is there yet
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
