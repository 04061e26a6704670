"""Looking at a path again whenever the kernel says so, also where its directory does not exist yet. No polling."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import closing
from typing import Final

from procession.kernel.inotify import IN_CLOSE_WRITE, IN_CREATE, IN_MOVED_TO
from procession.streams.watch import Watch

_CHANGES: Final = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE


async def look_again(path: str) -> AsyncGenerator[None, None]:
    """Come back at once, and after everything that may have brought ``path``, or changed it; sometimes for nothing.

    Raises: OSError: nothing can be watched.
    """
    wake = asyncio.Event()
    while True:
        nearest = _nearest_directory(path)
        try:
            watch = Watch(nearest[0], _CHANGES, wake.set)
        except FileNotFoundError:  # it has gone in this moment
            continue
        with closing(watch):
            while nearest == _nearest_directory(path):
                wake.clear()
                yield
                await wake.wait()


def _nearest_directory(path: str) -> tuple[str, int]:
    """Give its directory, or the nearest one above that exists, and its number: one that comes anew is another one."""
    directory = os.path.dirname(path)
    while True:
        try:
            return directory, os.stat(os.path.join(directory, ".")).st_ino
        except (FileNotFoundError, NotADirectoryError):
            directory = os.path.dirname(directory)
