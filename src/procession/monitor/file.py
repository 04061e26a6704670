"""Whether a file is there: told by the kernel, also where its directory does not exist yet. Not here: what is in it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Final

from procession.streams.watch import watch_directory

_CLOCK_STEP_S: Final = 0.02
"""Times of files are those of the last tick of the kernel's clock, up to 10 ms behind ours."""


async def wait_for_file(path: str, since: float) -> None:
    """Return once something newer than ``since`` (seconds since the epoch) is at ``path``, be it a file or a socket."""
    wake = asyncio.Event()
    while True:
        directory = _nearest_directory(path)
        with watch_directory(directory, wake):
            while directory == _nearest_directory(path):
                wake.clear()
                if _is_newer(path, since):
                    return
                await wake.wait()


def _nearest_directory(path: str) -> str:
    """Give its directory, or the nearest one above that exists."""
    directory = os.path.dirname(path)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return directory


def _is_newer(path: str, since: float) -> bool:
    with contextlib.suppress(OSError):
        return os.lstat(path).st_ctime > since - _CLOCK_STEP_S
    return False
