"""Notices that a keeper takes for us: by whom they were said, in which order, and which of them are done with.

A keeper keeps each until everything up to it is written down, and tells it again to the next of us if we die before.
Not here: what a notice means (`notices`), and the frames (`keeper_link`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from procession.wire.frames import close_all

if TYPE_CHECKING:
    from procession.process.notice_source import NoticeSource, Take
    from procession.wire.notice_socket import Datagram


class NoticeDesk:
    """All that one keeper has told. `settled_upto` is up to which number nobody has anything left to do."""

    def __init__(self) -> None:
        self._sources: dict[int, RelayedSource] = {}
        self._waiting: dict[int, list[tuple[int, Datagram]]] = {}
        self._expected: set[int] = set()
        self._unsettled: dict[int, int] = {}
        self._last = 0

    def take(self, number: int, key: int, datagram: Datagram) -> None:
        """Give it to who listens for ``key``; else it waits for somebody who will."""
        self._last = number
        self._unsettled.setdefault(key, number)
        source = self._sources.get(key)
        if source is None:
            self._waiting.setdefault(key, []).append((number, datagram))
        else:
            source.take(datagram)

    def expect(self, key: int) -> None:
        """Somebody will come for ``key``, a little later."""
        self._expected.add(key)

    def add(self, key: int, source: RelayedSource) -> None:
        """Have ``source`` hear what is said for ``key``, and what was."""
        self._sources[key] = source
        self._expected.discard(key)
        for _, datagram in self._waiting.pop(key, ()):
            source.take(datagram)

    def remove(self, key: int) -> None:
        """Nobody wants to hear of ``key``."""
        self._sources.pop(key, None)
        self._expected.discard(key)
        for _, datagram in self._waiting.pop(key, ()):
            close_all(datagram.fds)
        self._unsettled.pop(key, None)

    def forget_unclaimed(self) -> None:
        """Nobody will come for what still waits, but for what is expected."""
        for key in self._waiting.keys() - self._expected:
            self.remove(key)

    def settle(self, key: int) -> None:
        """All that was said for ``key`` is told on."""
        self._unsettled.pop(key, None)

    def settled_upto(self) -> int:
        """Say up to which number all is told on."""
        return min(self._unsettled.values(), default=self._last + 1) - 1

    def lose(self) -> None:
        """The keeper is gone: each source listens itself."""
        for source in list(self._sources.values()):
            source.lose()
        self._expected.clear()
        self.forget_unclaimed()


class RelayedSource:
    """In the place of the source of one process, ``own``, which is used once the keeper is gone."""

    def __init__(self, desk: NoticeDesk, key: int, own: NoticeSource) -> None:
        self._desk = desk
        self._key = key
        self._own = own
        self._is_lost = False
        self._hear: Take | None = None

    def begin(self, take: Take) -> None:
        """Give each notice to ``take``."""
        self._hear = take
        self._desk.add(self._key, self)

    def take(self, datagram: Datagram) -> None:
        """Take one from the keeper."""
        assert self._hear is not None
        self._hear(datagram)

    def settle(self) -> None:
        """All that was taken is told on."""
        self._desk.settle(self._key)

    def lose(self) -> None:
        """Listen ourselves."""
        self._is_lost = True
        assert self._hear is not None
        self._own.begin(self._hear)

    def finish(self) -> None:
        """Read what is there; what the keeper has read comes before the exit."""
        if self._is_lost:
            self._own.finish()

    def close(self, *, is_kept: bool = False) -> None:
        """Hear no more; remove the name of the socket unless somebody goes on with it."""
        self._desk.remove(self._key)
        self._own.close(is_kept=is_kept)


Relay = Callable[["NoticeSource"], RelayedSource]
"""Gives who hears in the place of a source."""
