"""Taking over what an earlier program of ours started: its leader, its tree, its streams, as if we had.

Not here: whether it still lives (`procession.policy.recovery`), and who looked after it meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping

from procession.kernel import cgroup, proc
from procession.model.command import Command
from procession.model.record import AttemptRecord
from procession.process.boot import is_alive
from procession.process.cgroup_tree import CgroupTree
from procession.process.launch import Launched
from procession.process.leader import Leader
from procession.process.no_tree import NoTree
from procession.process.relayed_notices import Relay
from procession.process.session_tree import SessionTree
from procession.process.stdio import OpenStreams
from procession.process.tree import Tree


def relaunch(
    record: AttemptRecord,
    command: Command,
    leader: Leader,
    tree: Tree,
    *,
    held: Mapping[str, int],
    ran_s: float,
    notice_path: str = "",
    relay: Relay | None = None,
) -> Launched:
    """Put together what is needed to look after the attempt of ``record``; ``held`` are our ends, kept by a keeper."""
    streams = OpenStreams.reopened(command, held, notice_path, record.messages_read)
    streams.relay = relay
    return Launched(
        leader,
        tree,
        streams,
        started_at=record.started_at or _start_of(leader.pid),
        ran_s=ran_s,
        is_taken_over=True,
        is_suspended=tree.is_frozen,
    )


def find_tree(record: AttemptRecord, base: cgroup.Base | None) -> Tree:
    """Find the tree of an attempt; one without members where nothing of it can be left."""
    if record.tree.leaf is not None and base is not None:
        with contextlib.suppress(OSError):
            return CgroupTree(base, record.tree.leaf)
    if record.tree.token is not None:
        tree = SessionTree(record.tree.token)
        tree.take_over(record.leader, is_alive=record.leader is not None and is_alive(record.leader))
        return tree
    return NoTree()


def _start_of(pid: int) -> float:
    """Ask the kernel when it was started, as far as it knows: whoever did had no time to write it down."""
    stat = proc.read_stat(pid)
    if stat is None:
        return time.time()
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - stat.start_ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - max(age_s, 0.0)
