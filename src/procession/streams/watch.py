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
from dataclasses import dataclass
from typing import Final

from procession.kernel.inotify import IN_CREATE, IN_MASK_ADD, IN_MODIFY, IN_MOVED_TO, IN_ONESHOT, Inotify

_REST_S: Final = 0.005
"""How long a watch rests after it fired: a flood of writes wakes us 200 times a second, not 100,000, while the first
write after a quiet moment is still heard at once."""

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
    watch = _Watch(path, mask, wake)
    try:
        hub.arm(watch)
        try:
            yield
        finally:
            hub.discard(watch)
    finally:
        if not hub.has_watches():
            _hubs.pop(loop, None)
            hub.close()


@dataclass(eq=False, slots=True)
class _Watch:
    """Who waits for what. ``wd`` is None while it rests."""

    path: str
    mask: int
    wake: asyncio.Event
    wd: int | None = None


class _Hub:
    """Who waits for which watch, in one event loop.

    A watch fires once and then rests a moment before it is armed again: to a writer, a watch that is armed costs some
    microseconds per write, one that rests costs nothing. Whoever waits is woken after the rest too, for what was
    written meanwhile.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._armed: defaultdict[int, list[_Watch]] = defaultdict(list)
        self._resting: list[_Watch] = []
        self._rest: asyncio.TimerHandle | None = None
        self._inotify = Inotify()
        loop.add_reader(self._inotify.fd, self._tell)

    def arm(self, watch: _Watch) -> None:
        """Wait for its next event. Raises: OSError."""
        watch.wd = self._inotify.add(watch.path, watch.mask | IN_MASK_ADD | IN_ONESHOT)
        self._armed[watch.wd].append(watch)

    def discard(self, watch: _Watch) -> None:
        """Wait for it no more."""
        if watch.wd is None:
            with contextlib.suppress(ValueError):
                self._resting.remove(watch)
            return
        armed = self._armed[watch.wd]
        armed.remove(watch)
        if not armed:
            del self._armed[watch.wd]
            with contextlib.suppress(OSError):  # the file may be gone, and the watch with it
                self._inotify.remove(watch.wd)

    def has_watches(self) -> bool:
        """Whether anybody waits for anything."""
        return bool(self._armed or self._resting)

    def close(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        if not self._loop.is_closed():
            self._loop.remove_reader(self._inotify.fd)
        self._inotify.close()

    def _tell(self) -> None:
        for event in self._inotify.read():
            for wd in list(self._armed) if event.is_overflow else [event.wd]:
                for watch in self._armed.pop(wd, ()):
                    watch.wd = None
                    watch.wake.set()
                    self._resting.append(watch)
        if self._resting and self._rest is None:
            self._rest = self._loop.call_later(_REST_S, self._arm_again)

    def _arm_again(self) -> None:
        self._rest = None
        rested, self._resting = self._resting, []
        for watch in rested:
            with contextlib.suppress(OSError):  # its directory is gone: nothing more will happen there
                self.arm(watch)
            watch.wake.set()
