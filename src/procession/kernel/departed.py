"""What processes that have gone leave to the sum of their tree: their time and their I/O, once and only once.

Who waits for a child takes over its time (``cutime`` of proc(5)) and its I/O (``/proc/<pid>/io``), and those that the
child took over itself. Nobody takes over what an orphan used, or a child whose parent ignores SIGCHLD. Which of both it
was cannot be seen afterwards. So what has gone is expected at its nearest ancestor that lives: what that gained
meanwhile is there already, and the rest is kept here. Two sums that are equal in part are never counted twice; what an
ancestor read and wrote itself may hide that much of a child's I/O that nobody took over. Pure.
Source: Linux, kernel/exit.c, wait_task_zombie(). Not here: reading any of it (``process_table``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol, TypeVar


class Spent(NamedTuple):
    """Ticks of processor time; bytes from storage, to storage, and through read(2) and write(2)."""

    ticks: int = 0
    read: int = 0
    written: int = 0
    moved: int = 0


class Relative(Protocol):
    """One process as it was seen last. ``gained``: what it may have taken over from others since the look before."""

    tree: str | None
    parent: int
    start: int

    @property
    def spent(self) -> Spent:
        """All it has used, with what it took over."""

    @property
    def gained(self) -> Spent:
        """How much of that may be taken over since the look before."""


AnyRelative = TypeVar("AnyRelative", bound=Relative)


def left_behind(gone: Mapping[int, AnyRelative], living: Mapping[int, AnyRelative]) -> dict[str, Spent]:
    """Give what is lost to the kernel of those who have ``gone`` since the look before, by tree."""
    expected: dict[int, list[Spent]] = {}
    lost: dict[str, Spent] = {}
    for each in gone.values():
        if each.tree is None:
            continue
        heir = _heir_of(each, gone, living)
        if heir is None:
            lost[each.tree] = add(lost.get(each.tree, NOTHING), each.spent)
        else:
            expected.setdefault(heir, []).append(each.spent)
    for pid, parts in expected.items():
        heir_seen = living[pid]
        assert heir_seen.tree is not None
        missing = _missing(parts, heir_seen.gained)
        lost[heir_seen.tree] = add(lost.get(heir_seen.tree, NOTHING), missing)
    return lost


def add(one: Spent, other: Spent) -> Spent:
    """Add them up."""
    return Spent(one.ticks + other.ticks, one.read + other.read, one.written + other.written, one.moved + other.moved)


NOTHING = Spent()


def _heir_of(process: Relative, gone: Mapping[int, Relative], living: Mapping[int, Relative]) -> int | None:
    """Give the nearest ancestor in the tree that lives. Who began later has the number of an ancestor, and is none."""
    child = process
    for _ in range(len(gone) + 1):
        pid = child.parent
        for parent in (living.get(pid), gone.get(pid)):
            if parent is not None and parent.tree == process.tree and parent.start <= child.start:
                break
        else:
            return None
        if parent is living.get(pid):
            return pid
        child = parent
    return None


def _missing(parts: Iterable[Spent], gained: Spent) -> Spent:
    total = NOTHING
    for each in parts:
        total = add(total, each)
    return Spent(*(max(wanted - found, 0) for wanted, found in zip(total, gained, strict=True)))
