"""Whether a file is there, and whether it is written: told by the kernel, also where its directory does not exist yet.

Not here: what is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import Iterator
from typing import Final

from procession.kernel.inotify import IN_CLOSE_WRITE, IN_CREATE, IN_MOVED_TO, InotifyEvent
from procession.streams.watch import Watch

_CLOCK_STEP_S: Final = 0.02
"""Times of files are those of the last tick of the kernel's clock, up to 10 ms behind ours."""

_QUIET_S: Final = 1.0
"""A file that nobody has changed for so long, while we looked away, counts as written."""


async def wait_for_file(path: str, since: float) -> None:
    """Return once something newer than ``since`` (seconds since the epoch) is at ``path``, be it a file or a socket."""
    await _Lookout(path, since).wait(is_written=False)


async def wait_until_written(path: str, since: float, *, was_away: bool = False) -> None:
    """Return once a regular file newer than ``since`` was closed by its writer, or moved to ``path`` as a whole.

    was_away: it may have been written before, while nobody looked; then one that is at rest counts, too.
    """
    await _Lookout(path, since, was_away=was_away).wait(is_written=True)


class _Lookout:
    """Looks at one path. ``was_away``: a moment may have been missed, so what it tells cannot be all there was."""

    def __init__(self, path: str, since: float, *, was_away: bool = False) -> None:
        self._path = path
        self._since = since
        self._was_away = was_away
        self._was_closed = False
        self._wake = asyncio.Event()

    async def wait(self, *, is_written: bool) -> None:
        while True:
            with self._watching() as directory:
                while directory == _nearest_directory(self._path):
                    self._wake.clear()
                    if self._is_there() and (not is_written or self._is_written()):
                        return
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), _QUIET_S if self._was_away else None)
            self._was_away = True  # between two directories

    def _is_there(self) -> bool:
        facts = _look(self._path)
        return facts is not None and facts.st_ctime > self._since - _CLOCK_STEP_S

    def _is_written(self) -> bool:
        facts = _look(self._path)
        if facts is None or not stat.S_ISREG(facts.st_mode):
            return False
        return self._was_closed or (self._was_away and time.time() - facts.st_mtime > _QUIET_S)

    @contextlib.contextmanager
    def _watching(self) -> Iterator[str]:
        """Hear of what happens in its directory, or in the nearest one above that exists."""
        directory = _nearest_directory(self._path)
        mask = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE
        with contextlib.closing(Watch(directory, mask, self._wake.set, self._hear)):
            yield directory

    def _hear(self, event: InotifyEvent) -> None:
        if event.name == os.path.basename(self._path):
            self._was_closed = bool(event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO))


def _nearest_directory(path: str) -> str:
    directory = os.path.dirname(path)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return directory


def _look(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
