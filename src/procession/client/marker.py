"""Waiting for the marker of a task, with no daemon asked: a marker is a file, and outlives whoever wrote it."""

from __future__ import annotations

import asyncio
import os

from procession.daemon.paths import find_paths
from procession.ipc.marker import Marker, marker_path
from procession.ipc.marker import wait_marker as wait_at


async def wait_marker(
    task: str, *, directory: str | os.PathLike[str] | None = None, after: Marker | None = None
) -> Marker:
    """Give the marker of ``task``: that which is there already, else the next one; with ``after`` another than that.

    directory: where markers are; by default those of this user's daemon, which need not run, nor know the task yet.
    Raises: InvalidTask: no task can be called so; InvalidMarker: what is there cannot be trusted; OSError.
    """
    home = find_paths().markers if directory is None else os.path.abspath(directory)
    return await wait_at(marker_path(home, task), task, after=after)


def wait_marker_blocking(
    task: str,
    *,
    directory: str | os.PathLike[str] | None = None,
    after: Marker | None = None,
    timeout_s: float | None = None,
) -> Marker:
    """Do the same as `wait_marker` in a script without an event loop. Raises the same; TimeoutError."""

    async def wait() -> Marker:
        async with asyncio.timeout(timeout_s):
            return await wait_marker(task, directory=directory, after=after)

    return asyncio.run(wait())
