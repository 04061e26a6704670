"""Pausing a tree and letting it run on, by us or by somebody else's signals."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from procession.kernel import proc
from procession.model.event import Event, Resumed, Suspended
from procession.process.leader import Leader
from procession.process.tree import Tree, signal_members


class Pausable(Protocol):
    """Something that measures running time."""

    def pause(self) -> None:
        """Stop counting."""

    def resume(self) -> None:
        """Count on."""


class Suspension:
    """Whether a tree is paused: by us, by somebody else's signal to the leader, or both. Its time-out pauses too."""

    def __init__(
        self, leader: Leader, tree: Tree, clocks: Sequence[Pausable | None], tell: Callable[[Event], None]
    ) -> None:
        """Begin with a tree that runs."""
        self._leader = leader
        self._tree = tree
        self._clocks = [clock for clock in clocks if clock is not None]
        self._tell = tell
        self._by_us = False
        self._by_outside = False
        self._freezing: asyncio.Task[None] | None = None
        self._holders = 0

    @property
    def is_on(self) -> bool:
        """Whether it is paused, by whomever."""
        return self._by_us or self._by_outside

    def take_over(self, *, is_on: bool) -> None:
        """Know whether it was paused by whoever looked after it before us."""
        self._by_us = is_on
        if is_on:
            self._pause_time()

    async def begin(self) -> None:
        """Pause the whole tree; return when nothing of it runs, also to who asks while it is being paused."""
        if not self._by_us:
            self.look()
            self._by_us = True
            self._pause_time()
            self._freezing = asyncio.create_task(self._freeze())
        freezing = self._freezing
        if freezing is not None:
            await asyncio.wait([freezing])
            if not freezing.cancelled():
                freezing.result()

    async def give_up(self) -> None:
        """Wait for no pause any more: what was to be paused has ended."""
        if self._freezing is not None:
            self._freezing.cancel()
            await asyncio.wait([self._freezing])

    @contextlib.asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Let the leader not run in the block, and tell nobody: what it is, it stays. It may be suspended meanwhile."""
        self._holders += 1
        try:
            if not self.is_on:
                await self._tree.hold()
            yield
        finally:
            self._holders -= 1
            if not self.is_on and not self._holders:
                self._tree.thaw()
            self.look()

    async def _freeze(self) -> None:
        try:
            await self._tree.freeze()
        finally:
            self._freezing = None
        if self._by_us:  # else it was let run on meanwhile
            self._leader.stop_state_changed()  # that was us
            self._tell(Suspended(at=time.time(), by="us"))

    def end(self) -> None:
        """Let run on what we paused; or all of it, if somebody else stopped it."""
        if self._by_us:
            self._by_us = False
            self._tree.thaw()
            self._tell(Resumed(at=time.time(), by="us"))
        elif self._by_outside:
            signal_members(self._tree, signal.SIGCONT)
            self._by_outside = False
            self._tell(Resumed(at=time.time(), by="us"))
        self._resume_time()

    def look(self) -> None:
        """See whether somebody stopped or continued the leader since the last look."""
        if self._holders:
            return
        stopped = self._leader.stop_state_changed()
        if stopped is None or self._by_us or (stopped and not self._stands_still()):  # old news: what we did ourselves
            return
        if stopped and not self._by_outside:
            self._by_outside = True
            self._pause_time()
            self._tell(Suspended(at=time.time(), by="outside"))
        elif not stopped and self._by_outside:
            self._by_outside = False
            self._resume_time()
            self._tell(Resumed(at=time.time(), by="outside"))

    def _stands_still(self) -> bool:
        stat = proc.read_stat(self._leader.pid)
        return stat is not None and stat.state in proc.STOPPED_STATES

    def note_resumed(self) -> None:
        """Know that all of it was let run on, to handle its end."""
        if self.is_on:
            self._by_us = self._by_outside = False
            self._resume_time()
            self._tell(Resumed(at=time.time(), by="us"))

    def _pause_time(self) -> None:
        for clock in self._clocks:
            clock.pause()

    def _resume_time(self) -> None:
        if not self.is_on:
            for clock in self._clocks:
                clock.resume()
