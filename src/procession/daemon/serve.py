"""Uvicorn as a guest: on our socket, in our loop, deaf to signals, without a log of requests, and without a clock.

Not here: when it ends, and what it serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Final

from uvicorn.config import Config
from uvicorn.server import Server

from procession.daemon.guarded_http import GuardedHTTP

if TYPE_CHECKING:
    from starlette.types import ASGIApp

GRACE_S: Final = 5.0
"""How long answers under way may still take when the daemon ends."""

_KEEP_ALIVE_S: Final = 75


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, listening: socket.socket, *, insisted: asyncio.Event | None = None, grace_s: float = GRACE_S
) -> AsyncIterator[None]:
    """Answer requests inside the block; leaving it takes no new ones and finishes those under way.

    They are broken off after ``grace_s``, or as soon as ``insisted`` is set.
    """
    server = _Guest(_configure(app), insisted or asyncio.Event(), grace_s)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await _first(running, server.answering)
        yield
    finally:
        server.leaving.set()
        await running


def _configure(app: ASGIApp) -> Config:
    return Config(
        app,
        http=GuardedHTTP,
        ws="none",
        loop="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )


class _Guest(Server):
    def __init__(self, config: Config, insisted: asyncio.Event, grace_s: float) -> None:
        super().__init__(config)
        self.answering = asyncio.Event()
        self.leaving = asyncio.Event()
        self._insisted, self._grace_s = insisted, grace_s

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        # Uvicorn's own wakes ten times a second, for a date that we do not send.
        self.answering.set()
        await self.leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        finishing = asyncio.create_task(self._finish())
        await _first(finishing, self._insisted)
        finishing.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _finish(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace_s):
                if self.server_state.tasks:
                    await asyncio.wait(self.server_state.tasks)
                while self.server_state.connections:  # noqa: ASYNC110 - nothing tells that the last byte was taken
                    await asyncio.sleep(0.01)


async def _first(running: asyncio.Task[None], event: asyncio.Event) -> None:
    """Wait for either; raise what ``running`` raised. Where the event came first, it goes on."""
    waiting = asyncio.create_task(_wait(event))
    try:
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if running.done():
        running.result()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
