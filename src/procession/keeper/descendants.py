"""All that came from this process and lives. Orphans of our descendants become our own children (subreaper).

Not here: why they are signalled.
Source: proc(5), ``/proc/<pid>/task/<tid>/children``. The list may miss what changes meanwhile: only wait(2) proves that
there is nobody.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` builds enums, which takes 4 ms
import os

from procession.kernel.files import read_file
from procession.kernel.pidfd_open import open_pidfd
from procession.wire.sparing import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_MARKED = b"\0" + MARK.encode() + b"="


def find_spared(started: Container[int]) -> frozenset[int]:
    """Give those of our children that are a daemon, or its keeper, which one of those we ``started`` has left us."""
    orphans = (pid for pid in _children_of(os.getpid()) if pid not in started)
    return frozenset(pid for pid in orphans if _MARKED in b"\0" + read_file(f"/proc/{pid}/environ"))


def has_others(spared: frozenset[int]) -> bool:
    """Whether we have a child that is not ``spared``."""
    return not spared.issuperset(_children_of(os.getpid()))


def kill_children(spared: frozenset[int]) -> None:
    """SIGKILL our children; theirs become ours. Their numbers are their own until we reap them."""
    for pid in _children_of(os.getpid()):
        if pid in spared:
            continue
        try:
            os.kill(pid, _signal.SIGKILL)
        except OSError:  # it changed its user, and we have no right to; or it has just ended
            continue


def signal_all(leaf_members: list[int], spared: frozenset[int], *numbers: int) -> None:
    """Send the signals to all our descendants, and to the given members of leaves among them."""
    seen: set[int] = set()
    for parent, pid in _walk(os.getpid(), spared):
        seen.add(pid)
        _signal_verified(pid, {parent, os.getpid()}, numbers)
    for pid in set(leaf_members) - seen:
        parent = _parent_of(pid)
        if parent in seen or parent == os.getpid():
            _signal_verified(pid, {parent, os.getpid()}, numbers)


def _walk(root: int, spared: frozenset[int]) -> Iterator[tuple[int, int]]:
    parents = [root]
    while parents:
        parent = parents.pop()
        for pid in _children_of(parent):
            if pid not in spared:
                yield parent, pid
                parents.append(pid)


def _children_of(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return [int(each) for tid in threads for each in read_file(f"/proc/{pid}/task/{tid}/children").split()]


def _signal_verified(pid: int, parents: set[int], numbers: tuple[int, ...]) -> None:
    """Signal through a descriptor that was opened before the parent was checked: a number may become a stranger's."""
    try:
        pidfd = open_pidfd(pid)
    except OSError:
        return
    if pidfd is None:
        return
    try:
        if _parent_of(pid) in parents:
            for number in numbers:
                _signal.pidfd_send_signal(pidfd, number)
    except OSError:  # ended, or not ours to signal
        return
    finally:
        os.close(pidfd)


def _parent_of(pid: int) -> int:
    fields = read_file(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else -1
