"""From two looks at all processes to what each tree uses now.

A control group's own figures come before ours where a controller counts: its memory is exact, with the page cache that
can be given back taken off. Not here: the looks (`procession.kernel.process_table`), and what is too much
(`procession.policy.memory`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from procession.kernel.machine_memory import group_memory_bytes
from procession.kernel.process_table import ProcessTable, Root, TreeSum, count_descriptors, read_pss
from procession.model.usage import TreeUsage
from procession.monitor.resources.gpu import GpuShare, NoGpus
from procession.policy.admission import Use

_WINDOW_S: Final = 1.0
_MARKS: Final = 5
_SHORTEST_S: Final = 0.2
"""What a tree uses at a peek is counted over a second, or what there is of it."""


class _Before(NamedTuple):
    at_s: float
    seen: TreeSum
    descriptors: int | None


class TreeSampler:
    """Samples all trees at once. Kept from tick to tick; holds descriptors until `close`."""

    def __init__(self, tokens_of: Callable[[int], Iterable[str]], gpus: NoGpus | None = None) -> None:
        self._table = ProcessTable(tokens_of)
        self._gpus = gpus or NoGpus()
        self._before: dict[str, _Before] = {}
        self._marks: dict[str, deque[tuple[float, float]]] = {}
        self.pids: dict[str, tuple[int, ...]] = {}
        """Who was in each tree when it was last looked at."""

    def sample(self, roots: Mapping[str, Root], at: float, now_s: float) -> dict[str, TreeUsage]:
        """Give what each tree uses; one of which nothing lives is not in it.

        at: the time in seconds since the epoch. now_s: the same by a clock that never jumps.
        """
        sums = self._table.look(roots)
        used = self._gpus.look()
        self.pids = {key: each.pids for key, each in sums.items()}
        opened = {key: self._count_descriptors(key, each) for key, each in sums.items()}
        usages = {
            key: _usage(
                roots[key], each, at, cpus=self._cpus(key, each.cpu_s, now_s), descriptors=opened[key], used=used
            )
            for key, each in sums.items()
        }
        self._before = {key: _Before(now_s, each, opened[key]) for key, each in sums.items()}
        return usages

    def peek(self, roots: Mapping[str, Root], now_s: float) -> dict[str, Use]:
        """Give of each tree no more than a policy of admission wants to know; may be called often."""
        sums = self._table.look(roots)
        return {
            key: Use(_memory(roots[key], each)[0], self._lately(key, each.cpu_s, now_s)) for key, each in sums.items()
        }

    def _lately(self, key: str, cpu_s: float, now_s: float) -> float | None:
        """Give how many processors it used over the last moments: the kernel counts in hundredths of a second."""
        marks = self._marks.setdefault(key, deque(((now_s, cpu_s),), maxlen=_MARKS))
        at_s, spent_s = marks[0]
        if now_s - marks[-1][0] >= _WINDOW_S / (_MARKS - 1):
            marks.append((now_s, cpu_s))
        return None if now_s - at_s < _SHORTEST_S else max(cpu_s - spent_s, 0.0) / (now_s - at_s)

    def pss_bytes(self, key: str) -> int | None:
        """Give the memory of a tree with what is shared divided among those who share it. Slow; None: unknown."""
        known = [each for each in map(read_pss, self.pids.get(key, ())) if each is not None]
        return sum(known) if known else None

    def forget(self, key: str) -> None:
        """Let go of what is kept of a tree that has ended."""
        self._table.forget(key)
        self.pids.pop(key, None)
        self._before.pop(key, None)
        self._marks.pop(key, None)

    def close(self) -> None:
        """Let go of what the looks need."""
        self._table.close()
        self._gpus.close()

    def _cpus(self, key: str, cpu_s: float, now_s: float) -> float | None:
        before = self._before.get(key)
        if before is None or now_s <= before.at_s:
            return None
        return max(cpu_s - before.seen.cpu_s, 0.0) / (now_s - before.at_s)

    def _count_descriptors(self, key: str, seen: TreeSum) -> int | None:
        """Count them anew where anything has changed: to look into a thousand directories takes a third of a tick."""
        before = self._before.get(key)
        if before is not None and before.seen == seen:
            return before.descriptors
        counted = [each for each in map(count_descriptors, seen.pids) if each is not None]
        return sum(counted) if counted else None


def _memory(root: Root, seen: TreeSum) -> tuple[int, bool]:
    """Give the bytes, and whether they are exact: then its control group counts them."""
    exact = group_memory_bytes(root.leaf) if root.leaf else None
    return (seen.memory_bytes, False) if exact is None else (exact, True)


def _usage(
    root: Root, seen: TreeSum, at: float, *, cpus: float | None, descriptors: int | None, used: Mapping[int, GpuShare]
) -> TreeUsage:
    memory_bytes, is_exact = _memory(root, seen)
    gpu = [used[pid] for pid in seen.pids if pid in used] if used else []
    return TreeUsage(
        at=at,
        processes=len(seen.pids),
        threads=seen.threads,
        memory_bytes=memory_bytes,
        memory_is_exact=is_exact,
        cpu_s=seen.cpu_s,
        cpus=cpus,
        read_bytes=seen.read_bytes,
        written_bytes=seen.written_bytes,
        moved_bytes=seen.moved_bytes,
        running=seen.running,
        descriptors=descriptors,
        gpu_memory_bytes=sum(each.memory_bytes for each in gpu) if gpu else None,
        gpu_share=sum(each.share for each in gpu) if gpu else None,
    )
