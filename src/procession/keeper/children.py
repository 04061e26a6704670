"""The children: started with vfork and exec, known by their keys, reaped by one wait for all.

A child's pid is its own until we reap it, so no descriptor is kept per child. Orphans of their trees come to us too,
and are reaped without a word. Not here: who is told.
"""

from __future__ import annotations

import errno
import os
import time

from procession.keeper.inheritance import soft_limits
from procession.kernel.files import read_file
from procession.kernel.fork_exec import ExecFailed, Spawning, fork_unheld
from procession.wire.exits import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from procession.keeper.journal import Journal
    from procession.keeper.leaves import Leaves
    from procession.wire.spawn import SpawnRequest

_FIRST_FURTHER = 3
_WAIT = os.WNOHANG | os.WUNTRACED | os.WCONTINUED


class Refused(Exception):
    """Nothing was started. ``stage`` is where it ended: fds, cgroup, fork, cwd, exec, wire."""

    def __init__(self, number: int, stage: bytes) -> None:
        """Keep both."""
        self.number = number
        self.stage = stage


class Child:
    """One child. ``stopped_by`` is a signal's number while it is stopped, else 0."""

    __slots__ = ("is_reaped", "key", "pid", "stopped_by", "told_stopped_by")

    def __init__(self, key: int, pid: int) -> None:
        """Know it."""
        self.key = key
        self.pid = pid
        self.is_reaped = False
        self.stopped_by = 0
        self.told_stopped_by = 0


class Children:
    """All that live, by key."""

    def __init__(self, leaves: Leaves, journal: Journal, limits: dict[int, int]) -> None:
        """Begin with none; ``limits`` are the soft ones of who started us."""
        self.by_key: dict[int, Child] = {}
        self._by_pid: dict[int, Child] = {}
        self._leaves = leaves
        self._journal = journal
        self._limits = limits
        self._own_peak_kb = 0

    def start(self, key: int, request: SpawnRequest, fds: tuple[int, ...]) -> Child:
        """Start one with the first three descriptors as 0, 1, 2 and the others from 3 on. Raises: Refused."""
        try:
            pid = self._start_in_leaf(request, fds)
        except ExecFailed as failure:
            raise Refused(failure.errno or 0, failure.stage.encode()) from None
        except OSError as error:
            raise Refused(error.errno or 0, b"fork") from None
        except (ValueError, OverflowError):
            raise Refused(errno.EINVAL, b"wire") from None
        child = self.by_key[key] = self._by_pid[pid] = Child(key, pid)
        return child

    def pids(self) -> set[int]:
        """Give the numbers of all that live."""
        return set(self._by_pid)

    def forget_told(self) -> dict[int, Child]:
        """Forget what was told of stops; give those that are stopped, for one who knows nothing yet."""
        for child in self.by_key.values():
            child.told_stopped_by = 0
        return {child.key: child for child in self.by_key.values() if child.stopped_by}

    def reap(self) -> tuple[list[Exit], list[Child], bool]:
        """Take what happened: who ended, who was stopped or continued, and whether any child of ours is left."""
        exits: list[Exit] = []
        changed: list[Child] = []
        while True:
            try:
                pid, status, usage = os.wait4(-1, _WAIT)
            except ChildProcessError:
                self._leaves.let_go()
                return exits, changed, False
            if pid == 0:
                return exits, changed, True
            child = self._by_pid.get(pid)
            if child is None:
                continue
            if os.WIFSTOPPED(status) or os.WIFCONTINUED(status):
                child.stopped_by = os.WSTOPSIG(status) if os.WIFSTOPPED(status) else 0
                changed.append(child)
                continue
            del self._by_pid[pid], self.by_key[child.key]
            child.is_reaped = True
            peak_kb = self._peak_of_its_own(usage.ru_maxrss)
            seq = self._journal.next_seq()
            exits.append(Exit(child.key, seq, status, pid, usage.ru_utime, usage.ru_stime, peak_kb, time.time()))

    def _start_in_leaf(self, request: SpawnRequest, fds: tuple[int, ...]) -> int:
        limits = self._limits | request.soft_limits
        if request.leaf is None:
            return _fork(request, fds, limits)
        try:
            self._leaves.enter(os.fsdecode(request.leaf))
        except OSError as error:
            raise Refused(error.errno or 0, b"cgroup") from None
        try:
            return _fork(request, fds, limits)
        finally:
            self._leaves.step_out()

    def _peak_of_its_own(self, peak_kb: int) -> int:
        """Give it, or 0 if it is not above ours: until exec a child shares our memory, and that is counted."""
        if peak_kb > self._own_peak_kb:
            _, _, rest = read_file("/proc/self/status").partition(b"\nVmHWM:")
            self._own_peak_kb = int(rest.split(maxsplit=1)[0]) if rest else 0
        return peak_kb if peak_kb > self._own_peak_kb else 0


def _fork(request: SpawnRequest, fds: tuple[int, ...], limits: dict[int, int]) -> int:
    """Fork with the further descriptors at their numbers: nothing else of ours is that low.

    Only here do the limits hold: what we open for ourselves may have a higher number than a child may use.
    """
    targets = tuple(range(_FIRST_FURTHER, len(fds)))
    placed = []
    try:
        for target in targets:
            os.dup2(fds[target], target, inheritable=False)
            placed.append(target)
        with soft_limits(limits):
            return fork_unheld(_describe(request, fds, targets))
    finally:
        for target in placed:
            os.close(target)


def _describe(request: SpawnRequest, fds: tuple[int, ...], targets: tuple[int, ...]) -> Spawning:
    return Spawning(
        argv=request.argv,
        executable=request.executable,
        environment=request.environment,
        cwd=request.cwd,
        stdin=fds[0],
        stdout=fds[1],
        stderr=fds[2],
        pass_fds=targets,
        umask=-1 if request.umask is None else request.umask,
    )
