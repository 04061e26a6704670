"""Who becomes the parent of what is started: this process itself, or a keeper (`kept_parent`). One contract for both.

Not here: what is started, and with which streams (`launch`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from procession.kernel import signal_state
from procession.kernel.fork_exec import Child, Spawning, fork_and_exec
from procession.process.leader import Leader, OwnLeader
from procession.process.private_directory import private_socket_path
from procession.process.tree import Tree, make_tree


class Parent(Protocol):
    """Makes trees and forks leaders into them."""

    @property
    def inherited(self) -> Mapping[str, str] | None:
        """The variables that a child begins with; None for exactly ours."""

    @property
    def nice_change(self) -> int:
        """How much nicer than the one who forks it a child is to be, before its command asks for more."""

    @property
    def may_still_start(self) -> bool:
        """Whether a start that was broken off may happen all the same: then nobody else may be born in its tree."""

    @property
    def leaks_signal_state(self) -> bool:
        """Whether a child would inherit ignored or blocked signals that cannot be hidden from it."""

    def make_tree(self) -> Tree:
        """Make an empty tree of the best kind there is here."""

    def numbers(self, descriptors: Sequence[int]) -> list[int]:
        """Say at which numbers a child will find further descriptors of ours."""

    def notice_path(self) -> str:
        """Say where a child can be listened to. Raises: OSError."""

    def fix(self, spawning: Spawning) -> None:
        """Say outright what a child of this process would simply inherit."""

    async def fork(self, spawning: Spawning, tree: Tree) -> Leader:
        """Start the program as the leader of ``tree``. Raises: OSError (ExecFailed); then nothing is left."""


class OwnParent:
    """Ourselves: vfork and exec, here and now."""

    inherited = None
    may_still_start = False
    nice_change = 0

    def __init__(self) -> None:
        self._ignored = signal_state.ignored_signals()

    @property
    def leaks_signal_state(self) -> bool:
        """Ask the kernel and Python."""
        return signal_state.has_blocked_signals() or not signal_state.can_hide(self._ignored)

    def make_tree(self) -> Tree:
        """Make it among our own."""
        return make_tree()

    def numbers(self, descriptors: Sequence[int]) -> list[int]:
        """They keep the numbers they have here."""
        return list(descriptors)

    def notice_path(self) -> str:
        """Choose one in a directory of this process."""
        return private_socket_path()

    def fix(self, spawning: Spawning) -> None:
        """Nothing: it is a child of this process."""

    async def fork(self, spawning: Spawning, tree: Tree) -> Leader:
        """Fork it into the tree."""
        return OwnLeader(tree.fork(lambda: self._fork(spawning)))

    def _fork(self, spawning: Spawning) -> Child:
        if not self._ignored or not signal_state.can_hide(self._ignored):
            return fork_and_exec(spawning)
        with signal_state.hidden(self._ignored):
            return fork_and_exec(spawning)
