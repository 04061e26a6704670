"""Waiting for files to change: one inotify descriptor per event loop, shared by everyone who waits in it.

A user has 128 inotify instances, so followers must share. The descriptor opens with the first watch and closes with
the last. A wake-up says "look again", no more: it may be spurious, it is never missing.
Not here: reading what changed (``follow``, ``recorder``) and the kernel's calls (``kernel.inotify``).
"""

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import Final

from procession.kernel.inotify import IN_CREATE, IN_MASK_ADD, IN_MODIFY, IN_MOVED_TO, Inotify

_REST_S: Final = 0.001
"""The pause after each look at the queue: a flood of writes wakes us 1,000 times a second, not 100,000, while the
first write after a quiet moment is still heard at once."""

_hubs: "dict[asyncio.AbstractEventLoop, _Hub]" = {}


@contextlib.contextmanager
def watch_file(fd: int, wake: asyncio.Event) -> Iterator[None]:
    """Set ``wake`` whenever the open file ``fd`` is written to. Raises :class:`OSError` as ``Inotify.add`` does."""
    # Through the descriptor, so that the file is watched that is read, whatever happens to its name.
    with _watch(f"/proc/self/fd/{fd}", IN_MODIFY, wake):
        yield


@contextlib.contextmanager
def watch_directory(path: str | os.PathLike[str], wake: asyncio.Event) -> Iterator[None]:
    """Set ``wake`` whenever a name appears in the directory ``path``. Raises :class:`OSError`, if it does not exist."""
    with _watch(os.fspath(path), IN_CREATE | IN_MOVED_TO, wake):
        yield


@contextlib.asynccontextmanager
async def wake_when(done: asyncio.Event | None, wake: asyncio.Event) -> AsyncIterator[None]:
    """Set ``wake`` when ``done`` is set, so that one wait serves for both."""
    if done is None:
        yield
        return
    waiting = asyncio.ensure_future(done.wait())
    waiting.add_done_callback(lambda _: wake.set())
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])


@contextlib.contextmanager
def _watch(path: str, mask: int, wake: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop) or _hubs.setdefault(loop, _Hub(loop))
    try:
        wd = hub.add(path, mask, wake)
        try:
            yield
        finally:
            hub.discard(wd, wake)
    finally:
        if not hub.waiting:
            _hubs.pop(loop, None)
            hub.close()


class _Hub:
    """Who waits for which watch, in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.waiting: defaultdict[int, list[asyncio.Event]] = defaultdict(list)
        self._loop = loop
        self._inotify = Inotify()
        self._rest: asyncio.TimerHandle | None = None
        self._listen()

    def add(self, path: str, mask: int, wake: asyncio.Event) -> int:
        wd = self._inotify.add(path, mask | IN_MASK_ADD)
        self.waiting[wd].append(wake)
        return wd

    def discard(self, wd: int, wake: asyncio.Event) -> None:
        waiting = self.waiting[wd]
        if wake in waiting:
            waiting.remove(wake)
        if not waiting:
            del self.waiting[wd]
            with contextlib.suppress(OSError):  # the file may be gone, and the watch with it
                self._inotify.remove(wd)

    def close(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        if not self._loop.is_closed():
            self._loop.remove_reader(self._inotify.fd)
        self._inotify.close()

    def _listen(self) -> None:
        self._loop.add_reader(self._inotify.fd, self._tell)

    def _tell(self) -> None:
        self._loop.remove_reader(self._inotify.fd)
        self._rest = self._loop.call_later(_REST_S, self._listen)
        for event in self._inotify.read():
            told = list(self.waiting) if event.is_overflow else [event.wd]
            for wake in chain.from_iterable(self.waiting.get(wd, ()) for wd in told):
                wake.set()
