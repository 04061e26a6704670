"""Time as the supervisor sees it: a seam, so that tests can move it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer(Protocol):
    """Something due later."""

    def cancel(self) -> None:
        """Forget it."""


class Clock(Protocol):
    """Tells the time, and calls when it has come."""

    def time(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds of a clock that nobody sets, and that stands still while the machine sleeps."""

    def call_later(self, delay_s: float, callback: Callable[[], None], /) -> Timer:
        """Call in ``delay_s`` seconds, whatever happens to the wall clock meanwhile."""


class SystemClock:
    """The machine's own time and the running loop's timers."""

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since the machine came up, as long as it was awake."""
        return time.monotonic()

    def call_later(self, delay_s: float, callback: Callable[[], None], /) -> Timer:
        """Call by the monotonic clock of the running loop."""
        return asyncio.get_running_loop().call_later(delay_s, callback)
