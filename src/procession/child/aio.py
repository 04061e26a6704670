"""The same for asyncio: ``from procession.child import aio as child``.

What never waits is the same function; what waits, `messages` and `request`, lets the loop go on meanwhile.
"""

from __future__ import annotations

import _socket
import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from procession.child.conversation import (
    Request,
    disconnect,
    give,
    inbox,
    on_checkpoint,
    open_channel,
    read_answer,
    send,
)
from procession.child.line_channel import LineChannel
from procession.child.marker import done
from procession.child.reports import (
    checkpoint_saved,
    extend_timeout,
    heartbeat,
    notify,
    progress,
    ready,
    reloading,
    session,
    status,
    stopping,
)
from procession.child.surroundings import supervised

__all__ = [
    "Request",
    "checkpoint_saved",
    "disconnect",
    "done",
    "extend_timeout",
    "heartbeat",
    "messages",
    "notify",
    "on_checkpoint",
    "progress",
    "ready",
    "reloading",
    "request",
    "send",
    "session",
    "status",
    "stopping",
    "supervised",
]


async def messages(*, handles: bool = False) -> AsyncGenerator[Any, None]:
    """Give the messages that come, to the end of the channel: see `procession.child.messages`."""
    channel = open_channel()
    while True:
        while inbox:
            yield give(inbox.popleft(), handles=handles)
        if channel is None or not channel.is_open:
            return
        await _read(channel)


async def request(message: object, *, timeout: float | None = None) -> Any:
    """Ask, and give what the other side answers: see `procession.child.request`."""
    channel = open_channel()
    if channel is None:
        return None
    number = channel.post_question(message)
    async with asyncio.timeout(timeout):
        while (answer := channel.take_answer(number)) is None:
            if not channel.is_open:
                return None
            await _read(channel)
    return read_answer(answer)


async def _read(channel: LineChannel) -> None:
    """Wait until something can be read, and read it for whoever it is for."""
    loop = asyncio.get_running_loop()
    waiting = _waiting.get(loop)
    if waiting is None or waiting.done():
        waiting = _waiting[loop] = loop.create_future()
        loop.add_reader(channel.fileno(), _on_readable, loop, channel)
    await asyncio.shield(waiting)


def _on_readable(loop: asyncio.AbstractEventLoop, channel: LineChannel) -> None:
    loop.remove_reader(channel.fileno())
    channel.read(_socket.MSG_DONTWAIT)
    waiting = _waiting.pop(loop)
    if not waiting.done():
        waiting.set_result(None)


_waiting: dict[asyncio.AbstractEventLoop, asyncio.Future[None]] = {}
