"""A tree that is one control group: membership is exact, killing and freezing are one write."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import threading
from collections.abc import Callable

from procession.kernel import cgroup
from procession.kernel.fork_exec import Child
from procession.model.record import TreeMark
from procession.process.machine_kills import MachineKills
from procession.process.snapshot import COOKIE_VARIABLE
from procession.process.waiting import wait_for

FREEZE_LIMIT_S = 2.0
HOLD_LIMIT_S = 0.2


class CgroupTree:
    """A tree that is one control group."""

    exact = True

    def __init__(self, base: cgroup.Base, known: str | None = None) -> None:
        """Take a leaf, or the ``known`` one of a tree that lives or lived. Raises: OSError: no room; not ours."""
        self._base = base
        self._leaf = base.take_leaf() if known is None else base.claim(known)
        self._was_frozen = known is not None and self._leaf.is_frozen()
        self._machine_kills = MachineKills()
        if not self._leaf.can_be_entered():
            base.give_back(self._leaf)
            raise PermissionError(errno.EACCES, "not ours any more", self._leaf.path)

    @property
    def mark(self) -> TreeMark:
        """The group's path."""
        return TreeMark(leaf=self._leaf.path)

    @property
    def leaf(self) -> str | None:
        """The group's path."""
        return self._leaf.path

    def take_leader(self, pid: int) -> None:
        """Nothing: the kernel knows."""

    def fork(self, fork: Callable[[], Child]) -> Child:
        """Fork inside the group."""
        has_threads = threading.active_count() > 1  # asked before: a thread may fork meanwhile, and end
        leader = self._base.fork_inside(self._leaf, fork)
        if has_threads:
            self._base.put_back_strangers(self._leaf, leader.pid)
        return leader

    def environment(self) -> dict[str, str]:
        """Nothing for us; the cookies of trees that we are in ourselves must outlive a cleaned environment."""
        outer = os.environ.get(COOKIE_VARIABLE)
        return {COOKIE_VARIABLE: outer} if outer else {}

    def pids(self) -> list[int]:
        """Ask the kernel."""
        return self._leaf.pids()

    def has(self, pid: int) -> bool:
        """Ask the kernel."""
        return pid in self._leaf.pids()

    def is_empty(self) -> bool:
        """Ask the kernel."""
        return not self._leaf.is_populated()

    def kill(self) -> None:
        """One write; forks under way are caught too."""
        self._leaf.kill()

    async def freeze(self) -> None:
        """Freeze the group and wait until the kernel says that it is."""
        await self._freeze(FREEZE_LIMIT_S)

    async def hold(self) -> None:
        """Freeze the group; who waits in the kernel for long may hold up this wait only for a moment."""
        await self._freeze(HOLD_LIMIT_S)

    async def _freeze(self, limit_s: float) -> None:
        self._was_frozen = True
        self._leaf.freeze()
        await wait_for(lambda: self._leaf.is_frozen() or self.is_empty(), limit_s)

    def thaw(self) -> None:
        """Thaw the group, whoever froze it; what had stopped itself before stays stopped."""
        if self._was_frozen or self._leaf.is_frozen():
            self._leaf.thaw()

    def out_of_memory_kills(self) -> int | None:
        """Read the group's own count, where a controller counts."""
        counted = self._leaf.out_of_memory_kills()
        return self._machine_kills.since() if counted is None else counted

    @property
    def is_frozen(self) -> bool:
        """Whether it was frozen when it was taken over."""
        return self._was_frozen

    def release(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Give the group back."""
        if self._was_frozen:  # whoever steps into a frozen group is frozen: the next fork would be our last
            self._leaf.thaw()
        self._base.give_back(self._leaf)


_base: cgroup.Base | None = None
_looked_for_base = False


def find_base() -> cgroup.Base | None:
    """Give this process's directory of control groups, made on first use; None where there can be none."""
    global _base, _looked_for_base  # noqa: PLW0603 - one directory per process, whoever asks
    if not _looked_for_base:
        _looked_for_base = True
        home = cgroup.find_home()
        with contextlib.suppress(OSError):
            _base = cgroup.Base(home) if home and os.environ.get("PROCESSION_CGROUP") != "off" else None
        atexit.register(_close_base)
    return _base


def _close_base() -> None:
    if _base is not None:
        _base.close()


def _forget_base() -> None:
    """A forked copy of this process has no trees; it makes a directory of its own if it starts any."""
    global _base, _looked_for_base
    if _base is not None:
        _base.forget()
    _base, _looked_for_base = None, False


os.register_at_fork(after_in_child=_forget_base)
