"""A job's whole tree: who belongs to it, what can be done to all of it. Two kinds: `cgroup_tree`, `session_tree`."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from msgspec import Struct

from procession.kernel import pidfd, proc
from procession.kernel.fork_exec import Child
from procession.model.record import TreeMark
from procession.process.cgroup_tree import CgroupTree, find_base
from procession.process.leader import Leader
from procession.process.session_tree import SessionTree

_ROUNDS = 10
"""A tree that forks faster than it is listed is not chased for ever; SIGKILL has other means."""

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_END_LIMIT_S = 2.0
_PAUSE_S = 0.001


class Member(Struct, frozen=True):
    """One process of a tree, as it was seen. ``start_ticks`` with the pid is its identity while this system is up."""

    pid: int
    ppid: int
    state: str
    start_ticks: int
    command: str


class Tree(Protocol):
    """One job's processes."""

    @property
    def exact(self) -> bool:
        """Whether nobody can leave it unseen."""

    @property
    def mark(self) -> TreeMark:
        """How it is found again by who comes after us."""

    @property
    def leaf(self) -> str | None:
        """The control group that the leader must be born in, if it is one."""

    @property
    def is_frozen(self) -> bool:
        """Whether it was frozen when it was taken over."""

    def environment(self) -> dict[str, str]:
        """Give the variables the leader must carry."""

    def fork(self, fork: Callable[[], Child]) -> Child:
        """Call ``fork``, which gives the leader, so that the leader is born into the tree."""

    def take_leader(self, pid: int) -> None:
        """Know the leader, which somebody else forked."""

    def pids(self) -> list[int]:
        """Give all that live."""

    def has(self, pid: int) -> bool:
        """Whether ``pid`` is a living member now."""

    def is_empty(self) -> bool:
        """Whether nothing lives."""

    def kill(self) -> None:
        """Send SIGKILL to all that can be seen now; to be repeated until empty where the tree is not exact."""

    async def freeze(self) -> None:
        """Stop all of it, and return when nothing runs."""

    async def hold(self) -> None:
        """Stop at least the leader, until `thaw`; return when it stands still, or has not for too long."""

    def thaw(self) -> None:
        """Let exactly what `freeze` stopped run on."""

    def out_of_memory_kills(self) -> int | None:
        """Count the kernel's kills for want of memory; None where nobody can know."""

    def release(self) -> None:
        """Let go of what the tree needs in us, while it lives on."""

    def close(self) -> None:
        """Let go of what the tree needs in us; called when it is known to be empty, or never came to life."""


def make_tree() -> Tree:
    """Make an empty tree of the best kind there is here."""
    base = find_base()
    if base is not None:
        with contextlib.suppress(OSError):
            return CgroupTree(base)
    return SessionTree()


def read_member(pid: int) -> Member | None:
    """Look at one process; None if it is gone."""
    stat = proc.read_stat(pid)
    if stat is None or stat.is_gone:
        return None
    command = " ".join(proc.read_arguments(pid)) or f"[{stat.name}]"
    return Member(pid, stat.ppid, stat.state, stat.start_ticks, command)


def signal_members(tree: Tree, number: int, signalled: set[int] | None = None) -> list[int]:
    """Send a signal to every process of the tree, also those born meanwhile; returns the pids we may not signal.

    ``signalled`` are passed over, and become all that were meant.
    """
    refused: list[int] = []
    signalled = set() if signalled is None else signalled
    for _ in range(_ROUNDS):
        new = [pid for pid in tree.pids() if pid not in signalled]
        if not new:
            break
        for pid in new:
            try:
                pidfd.signal_if(pid, number, partial(tree.has, pid))
            except PermissionError:
                refused.append(pid)
        signalled.update(new)
    return refused


def signal_latecomers(tree: Tree, number: int, signalled: set[int], asked_at: float) -> None:
    """Send a signal, and SIGCONT, to members that were born by ``asked_at`` (since boot), but were not to be seen yet.

    docs/design/gotchas.md, "A fork that is under way hears no signal".
    """
    for pid in set(tree.pids()) - signalled:
        stat = proc.read_stat(pid)
        if stat is not None and stat.start_ticks <= asked_at * _TICKS_PER_S:
            signalled.add(pid)
            for each in (number, signal.SIGCONT):
                with contextlib.suppress(PermissionError):
                    pidfd.signal_if(pid, each, partial(tree.has, pid))


def end_at_once(tree: Tree, leader: Leader) -> None:
    """Kill a leader that nobody looks after yet, and all that it may have started already."""
    leader.end_at_once()
    deadline = time.monotonic() + _END_LIMIT_S
    while not tree.is_empty() and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            tree.kill()
        time.sleep(_PAUSE_S)
