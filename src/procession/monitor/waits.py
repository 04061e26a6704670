"""What a whole tree waits for, when it does nothing: input that nobody gives, the network, or time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from procession.kernel.waits import Wait, kind_of, pipe_name, pipes_written_by, read_wait

_PROCESSES: Final = 64
"""So many of a tree are looked at; a larger one that waits for input is not recognised as such."""

_LOOK_ANYWAY: Final = 4
"""A few milliseconds of processor time are not seen, and may have ended in another wait."""

_PATIENT: Final = frozenset({"wait4", "waitid", "futex", "pause", "rt_sigsuspend"})
"""Who is in one of these waits for others of the tree, not for the world."""


class TreeWait(NamedTuple):
    """``reading``: what it waits to read from outside, if it waits for nothing else. ``resting``: what it sleeps in."""

    reading: str | None = None
    resting: str = ""


class RememberedWait:
    """Looks only when something may have changed: who has not run since, waits for what it waited for."""

    __slots__ = ("_known", "_looks", "_wait")

    def __init__(self) -> None:
        self._known: tuple[tuple[int, ...], float | None, int | None] | None = None
        self._wait = TreeWait()
        self._looks = 0

    def look(self, pids: Sequence[int], cpu_s: float | None, moved_bytes: int | None) -> TreeWait:
        """Give what the tree waits for; every few times it is looked at in any case."""
        seen = (tuple(pids), cpu_s, moved_bytes)
        self._looks += 1
        if seen != self._known or self._wait.reading is not None or self._looks % _LOOK_ANYWAY == 0:
            self._known, self._wait = seen, look_at_waits(pids)
        return self._wait


def look_at_waits(pids: Sequence[int]) -> TreeWait:
    """Look at every process of a tree that seems to do nothing."""
    if not 0 < len(pids) <= _PROCESSES:
        return TreeWait()
    waits = {pid: read_wait(pid) for pid in pids}
    known = {pid: wait for pid, wait in waits.items() if wait is not None}
    if not known or any(wait.call == "running" for wait in known.values()):
        return TreeWait()
    kinds = {pid: [kind_of(pid, fd) for fd in wait.watched] for pid, wait in known.items()}
    if any("socket" in each for each in kinds.values()):
        return TreeWait(resting="waiting on network")
    return TreeWait(_reading(pids, known), ", ".join(sorted({wait.call for wait in known.values()})))


def _reading(pids: Sequence[int], waits: dict[int, Wait]) -> str | None:
    """Say what they read, if every one of them reads from outside, or waits for one who does."""
    inner: set[str] | None = None
    found = None
    for pid, wait in waits.items():
        if wait.call in _PATIENT:
            continue
        kinds = {kind_of(pid, fd): fd for fd in wait.watched}
        if "terminal" in kinds:
            found = "a terminal on which nothing comes"
        elif "pipe" in kinds:
            inner = set().union(*map(pipes_written_by, pids)) if inner is None else inner
            if pipe_name(pid, kinds["pipe"]) not in inner:
                found = found or "a pipe on which nothing comes"
        else:
            return None
    return found
