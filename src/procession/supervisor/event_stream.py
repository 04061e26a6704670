"""Events as an async iterator: first a snapshot, then every newer event, without a gap and without a repetition."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procession.model.event import Event, Snapshot


class EventStream:
    """One listener's iterator. It holds what is not read yet; dropping it ends the listening."""

    def __init__(self, snapshot: Snapshot, skip: int = 0) -> None:
        self._waiting: deque[Event] = deque([snapshot])
        self._skip = skip
        self._news = asyncio.Event()
        self._finished = False

    def __aiter__(self) -> EventStream:
        """Iterate over itself."""
        return self

    async def __anext__(self) -> Event:
        """Give the next event; end when the supervisor has."""
        while not self._waiting:
            if self._finished:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    def put(self, event: Event) -> None:
        """Take the next event, unless the snapshot has it already."""
        if self._skip:
            self._skip -= 1
        elif not self._finished:
            self._waiting.append(event)
            self._news.set()

    def finish(self) -> None:
        """Nothing more will come."""
        self._finished = True
        self._news.set()

    async def aclose(self) -> None:
        """Stop listening."""
        self._waiting.clear()
        self.finish()
