"""Ending a program that gives no sign of life: it must say ``WATCHDOG=1`` at least once in every interval.

Time in which it is suspended does not count, nor does time in which we ourselves were held up: then nobody listened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Watchdog:
    """Calls ``on_silence`` once, when nothing was heard for ``interval_s``."""

    def __init__(self, interval_s: float, on_silence: Callable[[], None]) -> None:
        """Begin to wait now. Must be called within the event loop."""
        self._loop = asyncio.get_running_loop()
        self._interval_s = interval_s
        self._on_silence = on_silence
        self._timer: asyncio.TimerHandle | None = None
        self._due_at = 0.0
        self._is_over = False
        self.resume()

    def ping(self) -> None:
        """It lives."""
        if self._timer is not None:
            self.pause()
            self.resume()

    def change(self, interval_s: float) -> None:
        """Wait so long from now on."""
        self._interval_s = interval_s
        self.ping()

    def trigger(self) -> None:
        """It asks to be treated as if it had been silent."""
        if not self._is_over:
            self.cancel()
            self._on_silence()

    def pause(self) -> None:
        """Wait no more, until `resume`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def resume(self) -> None:
        """Wait a whole interval from now on."""
        if self._timer is None and not self._is_over:
            self._due_at = self._loop.time() + self._interval_s
            self._timer = self._loop.call_at(self._due_at, self._on_time_up)

    def cancel(self) -> None:
        """Never call again."""
        self.pause()
        self._is_over = True

    def _on_time_up(self) -> None:
        self._timer = None
        if self._loop.time() - self._due_at > self._interval_s / 4:  # we were held up: listen first
            self.resume()
        else:
            self.trigger()
