"""`Keeper`: a keeper of our own as a block. What it starts is gone when we are, however we end.

``async with Keeper() as keeper, keeper.spawn(["make"]) as process: …``
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from procession.errors import KeeperUnavailable
from procession.kernel import pidfd
from procession.kernel.circumstances import read_umask, soft_limits
from procession.kernel.fork_exec import Child
from procession.kernel.waiters import wake
from procession.model.checks import check_duration
from procession.model.command import Argument, Command
from procession.model.event import Event
from procession.process.cgroup_tree import find_base
from procession.process.keeper_link import KeeperLink
from procession.process.keepers import start_attached
from procession.process.kept_parent import ANSWER_LIMIT_S, Circumstances, KeptParent
from procession.process.launch import launch
from procession.process.spawn import Spawning, make_command

ATTACHED_GRACE_S = 1.0
"""How long what a keeper cares for may take to end by itself when its host is gone."""


class Keeper:
    """Starts programs as children of a small process beside this one, which outlives a crash of ours by ``grace_s``.

    When this process is gone, by whatever end, the keeper sends SIGTERM to every tree, waits ``grace_s`` seconds, kills
    what is left, and ends. Leaving the block does the same at once. Should the keeper itself be killed, every tree is,
    too, and nothing more can be started (KeeperLost). One event loop, not thread-safe.
    ``answer_limit_s``: how long one start may take before it raises StartTimedOut.
    ``is_steady``: this program never changes its file mode mask, limits or niceness, so that they need not be read anew
    for each start.
    """

    def __init__(
        self, *, grace_s: float = ATTACHED_GRACE_S, answer_limit_s: float = ANSWER_LIMIT_S, is_steady: bool = False
    ) -> None:
        """Raise InvalidCommand for a grace that cannot be."""
        check_duration("grace_s", grace_s)
        self._is_steady = is_steady
        self._steady: Circumstances | None = None
        self._grace_s = grace_s
        self._answer_limit_s = answer_limit_s
        self._keys = itertools.count(1)
        self._soft_limits: dict[int, int] = {}
        self._nice = 0
        self._child: Child | None = None
        self._link: KeeperLink | None = None

    @property
    def pid(self) -> int:
        """Of the keeper. Raises: KeeperUnavailable: the block was not entered."""
        if self._child is None:
            raise KeeperUnavailable("the keeper is not there: enter its block first")
        return self._child.pid

    @property
    def is_lost(self) -> bool:
        """Whether it ended although we did not ask it to: what it had goes on, and it starts nothing more."""
        return self._link is not None and self._link.is_lost

    async def __aenter__(self) -> Self:
        """Start it, and wait for its greeting. Raises: KeeperUnavailable."""
        base = find_base()
        self._soft_limits, self._nice = soft_limits(), os.getpriority(os.PRIO_PROCESS, 0)
        self._base = base
        self._child, connection = start_attached(self._grace_s, base.home_procs if base else "")
        self._link = KeeperLink(connection, acknowledges=True)
        try:
            await self._link.greet()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is left, and the keeper; return when it is gone."""
        await self.close()

    def spawn(
        self, given: Command | Sequence[Argument], /, *, on_event: Callable[[Event], None] | None = None, **options: Any
    ) -> Spawning:
        """Do what `procession.spawn` does, with the keeper as the parent. Takes and raises the same, and KeeperLost."""
        return Spawning(make_command(given, options), on_event, partial(launch, parent=self.parent()))

    def parent(self) -> KeptParent:
        """Give the parent of one further process. Raises: KeeperUnavailable: the block was not entered."""
        if self._link is None:
            raise KeeperUnavailable("the keeper is not there: enter its block first")
        return KeptParent(
            self._link,
            self._base,
            next(self._keys),
            circumstances=self._changed_since(),
            answer_limit_s=self._answer_limit_s,
            ends_with_keeper=True,
        )

    async def close(self) -> None:
        """End what is left, and the keeper; return when it is gone.

        We stay connected to its end: one that lost its host removes the control groups, and ours live on.
        """
        if self._link is not None:
            self._link.shut_down(self._grace_s)
        if self._child is not None and self._child.pidfd is not None:
            await _wait_ended(self._child.pidfd)
            pidfd.reap(self._child.pid, self._child.pidfd)
            os.close(self._child.pidfd)
        if self._link is not None:
            self._link.close()
        self._link = self._child = None

    def _changed_since(self) -> Circumstances:
        """Say what a child of ours would inherit now, and the keeper, which we started a while ago, does not have."""
        if self._steady is not None:
            return self._steady
        before = self._soft_limits
        changed = {number: soft for number, soft in soft_limits().items() if soft != before[number]}
        nice_change = os.getpriority(os.PRIO_PROCESS, 0) - self._nice
        circumstances = Circumstances(umask=read_umask(), soft=changed, nice_change=nice_change)
        if self._is_steady:
            self._steady = circumstances
        return circumstances


async def _wait_ended(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(descriptor, wake, ended)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
