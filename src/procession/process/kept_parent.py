"""A keeper as the parent: the same trees and streams as in this process, but somebody who outlives us forks and reaps.

Everything a child of ours would simply inherit (directory, variables) is said outright: the keeper has its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from procession.errors import StartTimedOut
from procession.kernel import cgroup
from procession.kernel.fork_exec import Spawning
from procession.process.cgroup_tree import CgroupTree
from procession.process.environment import our_environment
from procession.process.kept_leader import KeptLeader
from procession.process.leader import Leader
from procession.process.private_directory import private_socket_path
from procession.process.session_tree import SessionTree
from procession.process.tree import Tree
from procession.wire.spawn import SpawnRequest, encode_spawn

if TYPE_CHECKING:
    from procession.process.keeper_link import KeeperLink

ANSWER_LIMIT_S: Final = 60.0
"""How long a start may take before we give it up: longer than any healthy machine, shorter than a dead file server."""


class Circumstances(NamedTuple):
    """What a command has that it does not say: variables (None: ours), mask, soft limits by the kernel's number.

    nice_change: how much nicer than the keeper it is.
    """

    env: Mapping[str, str] | None = None
    umask: int | None = None
    soft: Mapping[int, int] = MappingProxyType({})
    nice_change: int = 0


OURS: Final = Circumstances()


class KeptParent:
    """Has the keeper behind ``link`` start one program, which it will know as ``key``."""

    leaks_signal_state = False

    def __init__(
        self,
        link: KeeperLink,
        base: cgroup.Base | None,
        key: int,
        *,
        circumstances: Circumstances = OURS,
        answer_limit_s: float = ANSWER_LIMIT_S,
        ends_with_keeper: bool = False,
        notice_directory: str | None = None,
    ) -> None:
        """Trees are made in ``base``; what is not said of a command it has from ``circumstances``.

        notice_directory: where children are listened to, if that is to outlive us.
        ends_with_keeper: kill the tree when the keeper is gone: nobody would end it any more if we were killed, too.
        """
        self._link = link
        self._base = base
        self._key = key
        self._circumstances = circumstances
        self.inherited = circumstances.env
        self.nice_change = circumstances.nice_change
        self._answer_limit_s = answer_limit_s
        self.may_still_start = False
        self._ends_with_keeper = ends_with_keeper
        self._notice_directory = notice_directory

    def make_tree(self) -> Tree:
        """Make it where the keeper can enter it."""
        if self._base is not None:
            try:
                return CgroupTree(self._base)
            except OSError:
                pass
        return SessionTree()

    def numbers(self, descriptors: Sequence[int]) -> list[int]:
        """They come after 0, 1 and 2, in their order."""
        return list(range(3, 3 + len(descriptors)))

    def notice_path(self) -> str:
        """Choose one that whoever comes after us finds, or one in a directory of this process."""
        return private_socket_path() if self._notice_directory is None else f"{self._notice_directory}/{self._key}"

    def fix(self, spawning: Spawning) -> None:
        """Name the directory, the variables and the mask."""
        if spawning.cwd is None:
            spawning.cwd = _our_directory()
        if spawning.environment is None:
            spawning.environment = our_environment()
        if spawning.umask < 0 and self._circumstances.umask is not None:
            spawning.umask = self._circumstances.umask

    async def fork(self, spawning: Spawning, tree: Tree) -> Leader:
        """Have it forked into the tree. Raises: ExecFailed; KeeperLost, StartTimedOut: it may have been started."""
        body = encode_spawn(self._request(spawning, tree))
        descriptors = (spawning.stdin, spawning.stdout, spawning.stderr, *spawning.pass_fds)
        try:
            child = await self._link.spawn(self._key, body, descriptors, limit_s=self._answer_limit_s)
        except asyncio.CancelledError:
            self.may_still_start = True
            raise
        except TimeoutError:
            message = f"the keeper did not answer within {self._answer_limit_s:g} s"
            raise StartTimedOut(message, command="") from None
        tree.take_leader(child.pid)
        return KeptLeader(child, self._key, self._link, on_lost=tree.kill if self._ends_with_keeper else None)

    def _request(self, spawning: Spawning, tree: Tree) -> SpawnRequest:
        return SpawnRequest(
            spawning.executable,
            spawning.argv,
            spawning.environment or (),
            cwd=spawning.cwd,
            umask=None if spawning.umask < 0 else spawning.umask,
            leaf=os.fsencode(tree.leaf) if tree.leaf else None,
            soft_limits=self._circumstances.soft,
        )


def _our_directory() -> bytes:
    """Name it; by our number where it was removed and has no name any more: a child of ours would be in it, too."""
    try:
        return os.getcwdb()
    except FileNotFoundError:
        return b"/proc/%d/cwd" % os.getpid()
