"""When tasks of one kind fail together, they come back one after the other. Pure but for what it remembers.

Whoever waits for the same thing that broke (a server, a licence, a full disk) fails again together, and again, and does
nothing but start: more failures within a minute than a handful, and the retries of that kind are put in a row, the
further apart the more there are. A single failure is none of that.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

WITHIN_S: Final = 60.0
HANDFUL: Final = 4
SPREAD_S: Final = 0.25
"""Two retries of a storm are so far apart for every failure in it …"""
LONGEST_GAP_S: Final = 30.0
"""… and no further."""
_KINDS: Final = 1000


class Storms:
    """Remembers, of the kinds that failed last, when they did."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._last_due: dict[str, float] = {}

    def delay_s(self, key: str, delay_s: float, now: float) -> float:
        """Give in how many seconds a retry that is due in ``delay_s`` shall be made, one of ``key`` that fails now."""
        failures = self._failures.setdefault(key, deque(maxlen=1000))
        self._failures.move_to_end(key)
        if len(self._failures) > _KINDS:
            forgotten, _ = self._failures.popitem(last=False)
            self._last_due.pop(forgotten, None)
        failures.append(now)
        while failures[0] < now - WITHIN_S:
            failures.popleft()
        due = now + delay_s
        if len(failures) > HANDFUL:
            gap_s = min(SPREAD_S * (len(failures) - HANDFUL), LONGEST_GAP_S)
            due = max(due, self._last_due.get(key, 0.0) + gap_s)
            self._last_due[key] = due
        return due - now
