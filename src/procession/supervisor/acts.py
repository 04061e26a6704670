"""Acts under way: each runs in a task of its own, so that whoever asked may be cancelled and the act is not.

Not here: which act a wish needs (`acting`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from procession.errors import AlreadyEnded
from procession.supervisor.launcher import RunningProcess

if TYPE_CHECKING:
    from procession.supervisor.entry import Entry

Act = Callable[[RunningProcess], Awaitable[Any]]


def begin_act(entry: Entry, act: Act) -> asyncio.Task[None] | None:
    """Carry out ``act`` in a task of its own, if anything runs of ``entry``."""
    process = entry.attempt.process if entry.attempt else None
    if process is None:
        return None
    acting = asyncio.create_task(_carry_out(act(process)))
    entry.acts.add(acting)
    acting.add_done_callback(entry.acts.discard)
    return acting


async def _carry_out(awaitable: Awaitable[Any]) -> None:
    try:
        await awaitable
    except AlreadyEnded:
        return  # it ended by itself at the same moment, which is what was asked for
