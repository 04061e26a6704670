"""The same for asyncio: ``from procession.child import aio as child``.

What never waits is the same function; what waits, `messages` and `request`, lets the loop go on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

from procession.child.conversation import (
    Request,
    disconnect,
    give,
    on_checkpoint,
    open_channel,
    read_answer,
    send,
    take_arrived,
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
    while channel is not None:
        seen, is_open = channel.reads, channel.is_open
        while (arrived := take_arrived()) is not None:
            yield give(arrived, handles=handles)
        if not is_open:
            return
        await _read(channel, seen)


async def request(message: object, *, timeout: float | None = None) -> Any:
    """Ask, and give what the other side answers: see `procession.child.request`."""
    channel = open_channel()
    if channel is None:
        return None
    number = channel.post_question(message)
    try:
        async with asyncio.timeout(timeout):
            while True:
                seen = channel.reads
                if channel.is_answered(number) or not channel.is_open:
                    break
                await _read(channel, seen)
    finally:
        answer = channel.take_answer(number)
    return read_answer(answer)


async def _read(channel: LineChannel, seen: int) -> None:
    """Read something for whoever it is for, or wait until another thread has: see `LineChannel.wait`."""
    if channel.reads != seen:
        return
    loop = asyncio.get_running_loop()
    waiting = _waiting.get(loop)
    if waiting is None:
        waiting = _waiting[loop] = loop.create_future()
        loop.add_reader(channel.fileno(), channel.read_now)
        channel.call_after_read(seen, partial(_come_back_soon, loop, channel))
    await asyncio.shield(waiting)


def _come_back_soon(loop: asyncio.AbstractEventLoop, channel: LineChannel) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(_come_back, loop, channel)


def _come_back(loop: asyncio.AbstractEventLoop, channel: LineChannel) -> None:
    loop.remove_reader(channel.fileno())
    _waiting.pop(loop).set_result(None)


_waiting: dict[asyncio.AbstractEventLoop, asyncio.Future[None]] = {}
