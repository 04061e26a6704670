"""Readings of the machine, not more often than they change: who asks twice in one moment gets the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from procession.model.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.supervisor.clock import Clock

FRESH_S: Final = 0.02
"""A reading costs a fraction of a millisecond; what starts within so little time has taken nothing yet."""


UNREAD: Final = Machine(at=0.0, memory_total_bytes=0, memory_available_bytes=0, cpus=1.0)
"""What is shown to a policy that looks at no machine."""


class ReadsMachine(Protocol):
    """Reads what the machine has left."""

    def read(self, now_s: float) -> Machine:
        """Take a reading."""

    def watch_pressure(self, callback: Callable[[], object]) -> bool:
        """Call back as soon as somebody waits for memory; False: nobody tells us."""

    def close(self) -> None:
        """Let go of what that needs."""


class LazyReading:
    """Calls ``reader`` when the last reading is too old; without one there is nothing to read."""

    def __init__(self, reader: ReadsMachine | None, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._last: Machine | None = None

    def __call__(self) -> Machine:
        """Give a reading that is fresh enough."""
        if self._reader is None:
            return UNREAD
        now_s = self._clock.monotonic()
        if self._last is None or not 0 <= now_s - self._last.at < FRESH_S:
            self._last = self._reader.read(now_s)
        return self._last

    def forget(self) -> None:
        """Take a new reading when somebody asks: a task has ended, and what it had is free."""
        self._last = None

    def watch_pressure(self, callback: Callable[[], object]) -> None:
        """Call back as soon as somebody waits for memory, where the kernel tells."""
        if self._reader is not None:
            self._reader.watch_pressure(callback)

    def close(self) -> None:
        """Let go of what that needs."""
        if self._reader is not None:
            self._reader.close()
