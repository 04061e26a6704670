"""Waiting for files to change: one inotify descriptor per event loop, shared by everyone who waits in it.

A user has 128 inotify instances, so all must share. The descriptor opens with the first watch and closes with the
last. A call says "look again", no more: it may be spurious, it is never missing.
Not here: reading what changed (``follow``, ``recorder``) and the kernel's calls (``kernel.inotify``).
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from procession.kernel.inotify import IN_CREATE, IN_IGNORED, IN_MASK_ADD, IN_MODIFY, IN_MOVED_TO, Inotify, InotifyEvent

_REST_S: Final = 0.005
"""How long nobody reads events after some were read: a flood of writes wakes us 200 times a second, not 100,000, while
the first write after a quiet moment is still heard at once."""

_CROWD: Final = 10
_CROWD_REST_S: Final = 0.02
"""The same when this many files changed meanwhile: each wake-up costs, the more so the more processes share a core."""

_hubs: "dict[asyncio.AbstractEventLoop, _Hub]" = {}


class Watch:
    """Calls ``tell`` in the event loop after each change, until it is closed. Raises :class:`OSError` as inotify does.

    While it lives, each write costs the writer about half a microsecond: close it when you look anyway.
    """

    __slots__ = ("_hub", "_wd", "tell")

    def __init__(self, path: str, mask: int, tell: Callable[[], object]) -> None:
        self.tell = tell
        loop = asyncio.get_running_loop()
        self._hub = _hubs.get(loop) or _hubs.setdefault(loop, _Hub(loop))
        try:
            self._wd: int | None = self._hub.add(self, path, mask)
        except OSError:
            self._hub.close_if_unused()
            raise

    @classmethod
    def of_file(cls, fd: int, tell: Callable[[], object]) -> "Watch":
        """Hear of writes to the file that is open as ``fd``, whatever happens to its name, or to ``fd``."""
        return cls(f"/proc/self/fd/{fd}", IN_MODIFY, tell)

    def close(self) -> None:
        """Hear no more of it. May be called again."""
        wd, self._wd = self._wd, None
        if wd is not None:
            self._hub.discard(self, wd)
            self._hub.close_if_unused()


@contextlib.contextmanager
def watch_file(fd: int, wake: asyncio.Event) -> Iterator[None]:
    """Set ``wake`` whenever the open file ``fd`` is written to. Raises :class:`OSError` as ``Inotify.add`` does."""
    with contextlib.closing(Watch.of_file(fd, wake.set)):
        yield


@contextlib.contextmanager
def watch_directory(path: str | os.PathLike[str], wake: asyncio.Event) -> Iterator[None]:
    """Set ``wake`` whenever a name appears in the directory ``path``. Raises :class:`OSError`, if it does not exist."""
    with contextlib.closing(Watch(os.fspath(path), IN_CREATE | IN_MOVED_TO, wake.set)):
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


class _Hub:
    """Who waits for which watch, in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watches: dict[int, list[Watch]] = {}
        self._rest: asyncio.TimerHandle | None = None
        self._inotify = Inotify()
        loop.add_reader(self._inotify.fd, self._read)

    def add(self, watch: Watch, path: str, mask: int) -> int:
        """Begin to tell ``watch``; return the kernel's number for it, shared by all watches of the file."""
        wd = self._inotify.add(path, mask | IN_MASK_ADD)
        self._watches.setdefault(wd, []).append(watch)
        return wd

    def discard(self, watch: Watch, wd: int) -> None:
        """Tell ``watch`` no more."""
        sharing = self._watches.get(wd, [])
        with contextlib.suppress(ValueError):
            sharing.remove(watch)
        if not sharing and self._watches.pop(wd, None) is not None:
            with contextlib.suppress(OSError):  # the file may be gone, and the watch with it
                self._inotify.remove(wd)

    def close_if_unused(self) -> None:
        """Give the descriptor back when nobody waits for anything."""
        if self._watches or _hubs.get(self._loop) is not self:
            return
        del _hubs[self._loop]
        if self._rest is not None:
            self._rest.cancel()
        elif not self._loop.is_closed():
            self._loop.remove_reader(self._inotify.fd)
        self._inotify.close()

    def _read(self) -> None:
        self._loop.remove_reader(self._inotify.fd)
        self._rest_then_tell(self._inotify.read())

    def _read_again(self) -> None:
        if events := self._inotify.read():
            self._rest_then_tell(events)
        else:
            self._rest = None
            self._loop.add_reader(self._inotify.fd, self._read)

    def _rest_then_tell(self, events: list[InotifyEvent]) -> None:
        changed = {event.wd for event in events}
        rest_s = _CROWD_REST_S if len(changed) >= _CROWD else _REST_S
        self._rest = self._loop.call_later(rest_s, self._read_again)  # first: who is told may close all of this
        if -1 in changed:  # the kernel dropped events
            changed.update(self._watches)
        gone = [event.wd for event in events if event.mask & IN_IGNORED]
        for wd in changed:
            for watch in tuple(self._watches.get(wd, ())):
                watch.tell()
        for wd in gone:
            self._watches.pop(wd, None)
