"""Server-sent events: an answer that goes on. Who reads slowly is waited for, so nothing piles up.

Not here: what is sent (``events``, ``logs``). Ends when its source ends, the client goes, or the daemon does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from procession.api.media import EVENT_STREAM

HEARTBEAT_S: Final = 15.0

Message = bytes
Messages = AsyncGenerator[Message, None]


def message(name: str, data: bytes, id: str = "") -> Message:  # noqa: A002 - the protocol's own word
    """Write one event; ``data`` is JSON, which has no line breaks."""
    head = f"id: {id}\n" if id else ""
    return b"%sevent: %s\ndata: %s\n\n" % (head.encode(), name.encode(), data)


class EventStream:
    """An ASGI answer that sends ``messages``, and a comment whenever there was none for a while."""

    def __init__(self, messages: Messages, ending: asyncio.Event) -> None:
        self._messages, self._ending = messages, ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the protocol's
        """Send until it is over."""
        headers = [(b"content-type", EVENT_STREAM.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        over = [asyncio.ensure_future(_wait_gone(receive)), asyncio.ensure_future(self._ending.wait())]
        try:
            async with contextlib.aclosing(self._messages):
                await self._send_all(send, over)
        finally:
            for each in over:
                each.cancel()
            await asyncio.wait(over)
        await send({"type": "http.response.body", "body": b""})

    async def _send_all(self, send: Send, over: Sequence[asyncio.Future[Any]]) -> None:
        await _send(send, b": hello\n\n")  # so that who waits for headers knows that it is listened to
        while True:
            coming = asyncio.ensure_future(anext(self._messages, None))
            try:
                if (sending := await self._next(coming, send, over)) is None:
                    return
            finally:
                coming.cancel()
                await asyncio.wait([coming])
            await _send(send, sending)

    async def _next(
        self, coming: asyncio.Future[Message | None], send: Send, over: Sequence[asyncio.Future[Any]]
    ) -> Message | None:
        while True:
            await asyncio.wait([coming, *over], timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            if any(each.done() for each in over):
                return None
            await _send(send, b": \n\n")


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _wait_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
