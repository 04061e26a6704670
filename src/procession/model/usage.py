"""What a running task uses, all of its processes together, at one moment. What one used in all: `outcome.Usage`."""

from __future__ import annotations

from msgspec import Struct


class TreeUsage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sample of one tree. ``at`` is in seconds since the epoch.

    memory_bytes: what is resident, shared pages counted for each process, unless ``memory_is_exact`` (its control group
    counts). cpu_s: processor time since it began, with that of members that have gone. cpus: how many processors it
    used on average since the sample before; None for the first. read_bytes, written_bytes: from and to storage, since
    it began; moved_bytes: through all its reads and writes, pipes and terminals too. running: so many are about to run.
    """

    at: float
    processes: int
    threads: int
    memory_bytes: int
    cpu_s: float
    cpus: float | None = None
    read_bytes: int = 0
    written_bytes: int = 0
    moved_bytes: int = 0
    running: int = 0
    memory_is_exact: bool = False
    descriptors: int | None = None
    gpu_memory_bytes: int | None = None
    gpu_share: float | None = None


class UsageHistory(Struct, frozen=True, kw_only=True):
    """What a task used over time, the oldest sample first.

    pss_bytes: its memory now, what is shared divided among those who share it; only where that was asked for.
    """

    samples: tuple[TreeUsage, ...]
    pss_bytes: int | None = None
