"""Waiting for files to change: one inotify descriptor per event loop, shared by everyone who waits in it.

A user has 128 inotify instances, so all must share. The descriptor opens with the first watch and closes a moment
after the last: closing takes the kernel milliseconds, and short jobs come one after another. A call says "look again",
no more: it may be spurious, it is never missing.
Not here: reading what changed (``follow``, ``recorder``) and the kernel's calls (``kernel.inotify``).
"""

import asyncio
import contextlib
import os
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from procession.kernel.inotify import IN_CREATE, IN_IGNORED, IN_MASK_ADD, IN_MODIFY, IN_MOVED_TO, Inotify, InotifyEvent

_REST_S: Final = 0.005
"""How long nobody reads events after some were read: a flood of writes wakes us 200 times a second, not 100,000, while
the first write after a quiet moment is still heard at once."""

_CROWD: Final = 10
_CROWD_REST_S: Final = 0.02
"""The same when this many files changed meanwhile: each wake-up costs, the more so the more processes share a core."""

_LINGER_S: Final = 1.0
"""How long the descriptor stays open without a watch."""

# Weak on both sides: a loop holds its hub by what it waits for, a watch holds it, too, and the hub holds the loop.
_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[_Hub]]" = weakref.WeakKeyDictionary()


class Watch:
    """Calls ``tell`` in the event loop after each change, until it is closed. Raises :class:`OSError` as inotify does.

    While it lives, each write costs the writer about half a microsecond: close it when you look anyway.
    """

    __slots__ = ("_hub", "_wd", "tell")

    def __init__(self, path: str, mask: int, tell: Callable[[], object]) -> None:
        self.tell = tell
        self._hub = _hub_of(asyncio.get_running_loop())
        try:
            self._wd: int | None = self._hub.add(self, path, mask)
        except OSError:
            self._hub.rest_if_unused()
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
            self._hub.rest_if_unused()


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


def _hub_of(loop: asyncio.AbstractEventLoop) -> "_Hub":
    known = _hubs.get(loop)
    hub = known() if known is not None else None
    if hub is None:
        hub = _Hub(loop)
        _hubs[loop] = weakref.ref(hub)
    return hub


class _Hub:
    """Who waits for which watch, in one event loop. Where nobody does, nothing but a timer holds it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watches: dict[int, list[Watch]] = {}
        self._rest: asyncio.TimerHandle | None = None
        self._inotify = Inotify()
        self._is_listening = self._is_lingering = False

    def add(self, watch: Watch, path: str, mask: int) -> int:
        """Begin to tell ``watch``; return the kernel's number for it, shared by all watches of the file."""
        wd = self._inotify.add(path, mask | IN_MASK_ADD)
        self._watches.setdefault(wd, []).append(watch)
        if not self._is_listening:
            self._is_listening = True
            self._loop.add_reader(self._inotify.fd, self._read)
        return wd

    def discard(self, watch: Watch, wd: int) -> None:
        """Tell ``watch`` no more."""
        sharing = self._watches.get(wd, [])
        with contextlib.suppress(ValueError):
            sharing.remove(watch)
        if not sharing and self._watches.pop(wd, None) is not None:
            with contextlib.suppress(OSError):  # the file may be gone, and the watch with it
                self._inotify.remove(wd)

    def rest_if_unused(self) -> None:
        """Listen no more when nobody waits for anything; soon after, the descriptor goes back."""
        if self._watches or self._inotify.fd < 0:
            return
        self._stop_listening()
        if self._loop.is_closed():
            self._inotify.close()
        elif not self._is_lingering:
            self._is_lingering = True
            self._loop.call_later(_LINGER_S, self._close_if_unused)

    def _close_if_unused(self) -> None:
        self._is_lingering = False
        if not self._watches:
            _hubs.pop(self._loop, None)
            self._inotify.close()

    def _stop_listening(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        elif self._is_listening and not self._loop.is_closed():
            self._loop.remove_reader(self._inotify.fd)
        self._is_listening = False

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
