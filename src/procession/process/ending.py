"""Ending a whole tree: the polite steps, each with its wait, and then SIGKILL until nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import time
from collections.abc import Callable, Sequence

from procession.model.command import StopStep
from procession.model.event import Event, Signalled
from procession.model.signals import signal_name
from procession.process.leader import Leader
from procession.process.tree import Tree, signal_latecomers, signal_members
from procession.process.waiting import wait_for

KILL_LIMIT_S = 5.0
"""How long SIGKILL is repeated before what is left is reported as surviving (not permitted, or stuck in the kernel)."""


LATECOMERS_LIMIT_S = 1.0
"""How long we look for who was being born when its tree was asked to end; looking costs as much as listing the tree."""


class Ending:
    """One ending under way. ``survivors`` holds, afterwards, who could not be ended; ``forced`` whether SIGKILL hit."""

    def __init__(
        self,
        leader: Leader,
        tree: Tree,
        *,
        is_gone: Callable[[], bool],
        on_continued: Callable[[], None],
        tell: Callable[[Event], None],
    ) -> None:
        """Be about to end ``tree``. ``is_gone`` says whether nothing of it is left, the leader reaped."""
        self.survivors: tuple[int, ...] = ()
        self.forced = False
        self._leader = leader
        self._tree = tree
        self._is_gone = is_gone
        self._on_continued = on_continued
        self._tell = tell
        self._insisted = asyncio.Event()
        self._until = 0.0

    def extend(self, more_s: float) -> None:
        """Give the step that is under way at least so much time from now on: it asks for that, as it is at work."""
        self._until = max(self._until, time.monotonic() + more_s)

    def insist(self) -> None:
        """Go on to SIGKILL at once."""
        self._insisted.set()

    async def carry_out(self, steps: Sequence[StopStep]) -> None:
        """Take the steps until nothing is left, or somebody insists; with SIGKILL there are no further ones."""
        for step in steps:
            if step.signal == signal.SIGKILL or self._insisted.is_set():
                break
            if await self._ask(step):
                return
        else:
            if not self._insisted.is_set():
                return  # asked politely, without end
        await self._kill()

    async def _ask(self, step: StopStep) -> bool:
        """Signal everybody, let the stopped run so that they can handle it, and wait; whether all have ended."""
        asked: set[int] = set()
        with contextlib.suppress(OSError):  # no descriptor left to list the tree with: SIGKILL will do without
            signal_members(self._tree, step.signal, asked)
        asked_at = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._tell_signal(step.signal)
        with contextlib.suppress(OSError):
            self._tree.thaw()
            signal_members(self._tree, signal.SIGCONT)
        self._on_continued()

        def is_answered() -> bool:
            if self._insisted.is_set() or self._is_gone():
                return True
            if time.clock_gettime(time.CLOCK_BOOTTIME) < asked_at + LATECOMERS_LIMIT_S:
                with contextlib.suppress(OSError):
                    signal_latecomers(self._tree, step.signal, asked, asked_at)
            return False

        return await self._wait_gone(step.wait_s, is_answered)

    async def _wait_gone(self, wait_s: float, is_answered: Callable[[], bool]) -> bool:
        self._until = time.monotonic() + wait_s
        insisted = asyncio.ensure_future(self._insisted.wait())
        waits: list[asyncio.Future[object]] = [insisted, self._leader.end_waiter()]  # type: ignore[list-item]
        try:
            while (left_s := self._until - time.monotonic()) > 0 and not any(each.done() for each in waits):
                timeout = None if math.isinf(left_s) else left_s
                await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            insisted.cancel()
        await wait_for(is_answered, max(self._until - time.monotonic(), 0))
        return self._is_gone()

    async def _kill(self) -> None:
        self.forced = not (self._leader.has_ended() and self._tree.is_empty())
        self._tell_signal(int(signal.SIGKILL))
        if not await wait_for(self._kill_once, KILL_LIMIT_S):
            with contextlib.suppress(OSError):
                self.survivors = tuple(self._tree.pids())

    def _kill_once(self) -> bool:
        if self._is_gone():
            return True
        with contextlib.suppress(PermissionError):
            self._leader.signal(signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._tree.kill()
        return False

    def _tell_signal(self, number: int) -> None:
        self._tell(Signalled(at=time.time(), signal=number, signal_name=signal_name(number), scope="tree"))
