"""A time-out that can be paused: time in which the job was suspended does not count, nor do steps of the wall clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls ``on_expiry`` once, after ``seconds`` of running time."""

    def __init__(self, seconds: float, on_expiry: Callable[[], None]) -> None:
        """Start counting now. Must be called within the event loop."""
        self._loop = asyncio.get_running_loop()
        self._on_expiry = on_expiry
        self._left_s = seconds
        self._since = 0.0
        self._cancelled = False
        self._timer: asyncio.TimerHandle | None = None
        self.resume()

    def pause(self) -> None:
        """Stop counting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._left_s = max(self._left_s - (self._loop.time() - self._since), 0.0)

    def resume(self) -> None:
        """Count on."""
        if self._timer is None and not self._cancelled:
            self._since = self._loop.time()
            self._timer = self._loop.call_later(self._left_s, self._on_expiry)

    def extend(self, seconds: float) -> None:
        """Leave at least so much from now on."""
        is_counting = self._timer is not None
        self.pause()
        self._left_s = max(self._left_s, seconds)
        if is_counting:
            self.resume()

    def cancel(self) -> None:
        """Never expire."""
        self.pause()
        self._cancelled = True


def make_deadline(timeout_s: float | None, ran_s: float, on_expiry: Callable[[], None]) -> Deadline | None:
    """Make one for a time-out of which ``ran_s`` seconds have passed; none without a time-out."""
    return None if timeout_s is None else Deadline(max(timeout_s - ran_s, 0.0), on_expiry)
