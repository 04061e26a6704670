"""Commands under way between where they are drawn and where their results are taken: never too many."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence

    from procession.model.command import Argument, Command
    from procession.pool.handle import Handle

WINDOW: Final = 1000
"""So many may be drawn whose results nobody has taken yet."""


class Taker(Protocol):
    """What commands are given to: a pool."""

    async def wait_for_room(self) -> None:
        """Wait until it makes sense to bring one more."""

    def submit(self, given: Command | Sequence[Argument], /, **options: Any) -> Handle:
        """Accept one."""


class Flight:
    """Draws ``commands`` as there is room, and gives handles that have ended: in order, or as they end."""

    def __init__(
        self,
        pool: Taker,
        commands: Iterable[Command | Sequence[Argument]] | AsyncIterable[Command | Sequence[Argument]],
        options: dict[str, Any],
        *,
        ordered: bool,
    ) -> None:
        self._pool = pool
        self._commands = commands
        self._options = options
        self._ordered = ordered
        self._in_air: dict[int, Handle] = {}
        self._queue: deque[Handle] = deque()
        self._news = asyncio.Event()
        self._taken = asyncio.Event()
        self._drawing: asyncio.Task[None] | None = None

    def add(self, handle: Handle) -> None:
        """Take one more."""
        self._in_air[id(handle)] = handle
        if self._ordered:
            self._queue.append(handle)
        handle.add_done_callback(self._land)

    async def landings(self) -> AsyncGenerator[Handle, None]:
        """Give each when it has ended and it is its turn. Raises: what drawing raised, after those drawn before it."""
        self._drawing = asyncio.create_task(self._draw())
        while True:
            self._news.clear()
            if self._queue and self._queue[0].done:
                handle = self._queue.popleft()
                self._in_air.pop(id(handle), None)
                self._taken.set()
                yield handle
            elif self._drawing.done() and not self._in_air:
                await self._drawing
                return
            else:
                await self._wait_for_news(self._drawing)

    async def close(self) -> None:
        """Draw no more, and cancel what has not ended."""
        if self._drawing is not None:
            self._drawing.cancel()
            await asyncio.wait({self._drawing})
            _ = self._drawing.cancelled() or self._drawing.exception()  # looked at, so that asyncio does not complain
        await asyncio.gather(*(handle.cancel() for handle in tuple(self._in_air.values()) if not handle.done))

    def _land(self, handle: Handle) -> None:
        if not self._ordered:
            self._queue.append(handle)
        self._news.set()

    async def _wait_for_news(self, drawing: asyncio.Task[None]) -> None:
        if drawing.done():
            await self._news.wait()
            return
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({news, drawing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    async def _draw(self) -> None:
        async for given in _as_async(self._commands):
            while len(self._in_air) >= WINDOW:
                self._taken.clear()
                await self._taken.wait()
            await self._pool.wait_for_room()
            self.add(self._pool.submit(given, **self._options))


async def _as_async(
    commands: Iterable[Command | Sequence[Argument]] | AsyncIterable[Command | Sequence[Argument]],
) -> AsyncIterator[Command | Sequence[Argument]]:
    if isinstance(commands, AsyncIterable):
        async for given in commands:
            yield given
    else:
        for given in commands:
            yield given
