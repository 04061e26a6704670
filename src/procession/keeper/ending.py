"""How the keeper ends: every tree is asked with SIGTERM, given a grace, then killed until nobody is left.

It never waits: each step is taken in a turn of the program's loop, and only wait(2) says that nobody is left.
Not here: when it is to end.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` builds enums, which takes 4 ms
import time

from procession.keeper.descendants import find_spared, has_others, kill_children, signal_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from procession.keeper.leaves import Leaves

_FIRST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.2
_FLUSH_S = 1.0


class Ending:
    """An ending under way."""

    def __init__(self, leaves: Leaves, started: Container[int], grace_s: float) -> None:
        """Ask those that we ``started`` to end, and what they left.

        Frozen ones are thawed and stopped ones continued first, as they could not obey.
        """
        self._leaves = leaves
        self._next_turn = time.monotonic() + grace_s
        self._pause_s = _FIRST_PAUSE_S
        self._is_killing = False
        self._empty_since: float | None = None
        self._spared = find_spared(started)
        leaves.thaw()
        signal_all(leaves.pids(), self._spared, _signal.SIGTERM, _signal.SIGCONT)

    def timeout_s(self) -> float:
        """How long until the next turn must come, if nothing happens."""
        return max(0.0, self._next_turn - time.monotonic())

    def turn(self, *, has_children: bool, has_news: bool) -> bool:
        """Do what is due. Whether it is over: nobody is left, and what there was to tell was told, or not taken."""
        now = time.monotonic()
        if not has_children or (self._spared and not has_others(self._spared)):
            return self._is_told(now, has_news=has_news)
        if now >= self._next_turn:
            self._kill(now)
        return False

    def shorten(self, grace_s: float) -> None:
        """Take a shorter grace than was given before."""
        if not self._is_killing:
            self._next_turn = min(self._next_turn, time.monotonic() + grace_s)

    def _kill(self, now: float) -> None:
        if not self._is_killing or self._pause_s > _LONGEST_PAUSE_S / 2:
            self._leaves.kill()
        self._is_killing = True
        kill_children(self._spared)
        self._next_turn = now + self._pause_s
        self._pause_s = min(self._pause_s * 1.5, _LONGEST_PAUSE_S)

    def _is_told(self, now: float, *, has_news: bool) -> bool:
        if self._empty_since is None:
            self._empty_since = now
            self._next_turn = now + _FLUSH_S
        return not has_news or now >= self._next_turn
