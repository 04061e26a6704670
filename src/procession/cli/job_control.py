"""Ctrl-Z: our tasks have sessions of their own, so the terminal's stop reaches only us; we pass it on.

Not here: the other signals (``interrupts``). A program that reads from the terminal while we are in the background is
not stopped by the terminal, as its session is not the terminal's: docs/design/gotchas.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from procession.cli.interrupts import is_ignored

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


@contextlib.contextmanager
def obey_job_control(suspend: Callable[[], Awaitable[None]], resume: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Inside the block, Ctrl-Z suspends what we care for, then us; when we are continued, so is what we suspended."""
    if is_ignored(signal.SIGTSTP):  # a shell without job control
        yield
        return
    loop = asyncio.get_running_loop()
    stopping: set[asyncio.Task[None]] = set()

    async def stop() -> None:
        await suspend()
        _stop_ourselves(loop)
        loop.add_signal_handler(signal.SIGTSTP, begin)
        await resume()

    def begin() -> None:
        if not stopping:
            task = loop.create_task(stop())
            stopping.add(task)
            task.add_done_callback(stopping.discard)

    loop.add_signal_handler(signal.SIGTSTP, begin)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTSTP)
        for task in stopping:
            task.cancel()


def is_in_foreground(fd: int) -> bool:
    """Whether ``fd`` is no terminal, or a terminal that is ours to read from now."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return True


def _stop_ourselves(loop: asyncio.AbstractEventLoop) -> None:
    """Stop as if we had never handled the signal. Where nobody could continue us, the kernel lets us go on instead."""
    loop.remove_signal_handler(signal.SIGTSTP)
    signal.raise_signal(signal.SIGTSTP)
