"""Looking at other processes: their memory, their time on a processor. Not here: starting and ending them."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
KIB = 1024


def cpu_s(*pids: int) -> float:
    """What they have used until now, all threads of them, without their children."""
    return sum(sum(map(int, _stat(pid)[11:13])) for pid in pids) / TICKS_PER_S


def memory_bytes(kind: str, *pids: int) -> int:
    """Their memory: `Rss` counts what they share once for each, `Pss` once for all."""
    return sum(_rollup(pid)[kind] for pid in pids) * KIB


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _rollup(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
