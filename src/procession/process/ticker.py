"""One slow look at every live process of an event loop, for the few things no descriptor announces.

A pidfd says nothing when its process is stopped or continued from outside, and without SIGCHLD, which belongs to the
host, nothing else does either. It also holds the processes: a handle that was dropped loses nobody.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import Protocol

LOOK_S = 0.5


class Watched(Protocol):
    """What can be looked at."""

    def look(self) -> None:
        """Look once, quickly."""


class Ticker:
    """Looks at its members every `LOOK_S` seconds while it has any."""

    def __init__(self) -> None:
        """Begin without members."""
        self._members: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, member: Watched) -> None:
        """Look at ``member`` from now on."""
        self._members.add(member)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def discard(self, member: Watched) -> None:
        """Look at it no more."""
        self._members.discard(member)

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look) if self._members else None
        for member in tuple(self._members):
            member.look()


# Weak on both sides: a loop holds its ticker by the timer, while there are members, and they in turn hold the loop.
_tickers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[Ticker]] = weakref.WeakKeyDictionary()


def ticker() -> Ticker:
    """Give the running loop's ticker."""
    loop = asyncio.get_running_loop()
    known = _tickers.get(loop)
    found = known() if known is not None else None
    if found is None:
        found = Ticker()
        _tickers[loop] = weakref.ref(found)
    return found
