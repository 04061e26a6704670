"""What a keeper has adopted and no tree claims: descendants that left their session and cleared their environment."""

from __future__ import annotations

from typing import NamedTuple

from procession.kernel import proc
from procession.process.snapshot import tokens_of
from procession.wire.sparing import MARK


class Stray(NamedTuple):
    """One such process, and when it began, in ticks since the boot."""

    pid: int
    start_ticks: int
    command: str


def find_strays(keeper: int, leaders: set[int]) -> list[Stray]:
    """List the children of ``keeper`` that are no ``leaders`` and carry nobody's cookie."""
    found = (stat for stat in proc.scan_stats() if stat.ppid == keeper and not stat.is_gone)
    return [
        Stray(stat.pid, stat.start_ticks, " ".join(proc.read_arguments(stat.pid)) or stat.name)
        for stat in found
        if stat.pid not in leaders and not tokens_of(stat.pid) and not _is_a_daemon(stat.pid)
    ]


def _is_a_daemon(pid: int) -> bool:
    """Whether it was started on demand from inside a task; perhaps it is we ourselves."""
    return any(variable.startswith(f"{MARK}=".encode()) for variable in proc.read_environment(pid))
