"""How long and how often a lost connection is tried again: soon at first, then more slowly, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from procession.errors import ConnectionLost, DaemonUnavailable

FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 1.0
STEADY_S = 15.0
"""A connection that held for so long was a good one: its break is a new one, not a part of the last."""
NOTICED_S = 1.5
"""A break that lasts so long is worth a word: a restart takes less."""


class Patience:
    """Of one request or stream. A daemon that was never there is not waited for; one that went away is."""

    def __init__(self, limit_s: float, on_break: Callable[[], object] | None = None) -> None:
        """Know whom to tell, once, of a break that lasts longer than a restart takes."""
        self._limit_s = limit_s
        self._on_break = on_break
        self._since: float | None = None
        self._tried_at = 0.0
        self._delay_s = FIRST_DELAY_S

    def renew(self) -> None:
        """It answers again."""
        self._since = None
        self._delay_s = FIRST_DELAY_S

    def next_delay_s(self, error: DaemonUnavailable) -> float:
        """Say how long to wait before the next try. Raises: ``error``, when it has been tried long enough."""
        now = time.monotonic()
        if self._since is not None and now - self._tried_at > STEADY_S:
            self.renew()
        if self._since is None:
            if not (isinstance(error, ConnectionLost) or hasattr(error, "status")):  # it was there, and ends just now
                raise error
            self._since = now
        if now - self._since >= self._limit_s:
            raise error
        if self._on_break is not None and now - self._since >= NOTICED_S:
            self._on_break()
            self._on_break = None
        delay_s, self._delay_s = self._delay_s, min(self._delay_s * 2, LONGEST_DELAY_S)
        self._tried_at = now + delay_s
        return delay_s
