"""Letting go of what runs without ending it: whoever comes next looks after it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procession.supervisor.entry import Entry


async def let_go(entries: Iterable[Entry]) -> None:
    """Release every process, and end all that we do about it."""
    kept = list(entries)
    runners = [entry.runner for entry in kept if entry.runner is not None]
    for entry in kept:
        entry.let_go(for_ever=False)
        for watch in entry.watches:
            watch.close()
        for act in entry.acts:
            act.cancel()
        if entry.timer is not None:
            entry.timer.cancel()
        if entry.attempt is not None and entry.attempt.process is not None:
            entry.attempt.process.release()
        if entry.runner is not None:
            entry.runner.cancel()
    await asyncio.gather(*runners, return_exceptions=True)
