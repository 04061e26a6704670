"""The lists of tasks that are run, each with its limit. Pure but for one look at the memory of the machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from benchmarks.pool.real.plan import GB, MEMORY_DIVISOR, Mix, Piece, draw

MIXES = {
    "mixed": Mix(
        shares={"small": 0.40, "medium": 0.20, "heavy": 0.12, "ramp": 0.10, "spike": 0.08, "agent": 0.10},
        tasks=24,
        cores_divisor=6,
    ),
    "memory": Mix(
        shares={"small": 0.10, "medium": 0.25, "heavy": 0.20, "ramp": 0.25, "spike": 0.20},
        tasks=16,
        cores_divisor=12,
    ),
    "cpu": Mix(shares={"small": 0.60, "medium": 0.40}, tasks=24, cores_divisor=6),
}
LIMIT_BYTES = int(24 * GB / MEMORY_DIVISOR)
BURST_BYTES = int(1e9)
BURST_SHARE = 0.85
"""Of what the machine has available: the group stands for the machine, and what others use is not to be killed."""

BURST_CAP = 30.0
"""Area bounds. To have 200 GB filled with zeros takes a kernel longer than the tasks hold them."""


class Scenario(Struct, frozen=True, kw_only=True):
    """A contest: what is run for a seed, under which limit, and after how many area bounds a run is given up."""

    name: str
    title: str
    limit_bytes: int
    pieces: Callable[[int], list[Piece]]
    seeds: int
    cap: float


class Size(Struct, frozen=True, kw_only=True):
    """How much of it. Times are divided by `time_divisor`, a run is given up after `cap` area bounds."""

    seeds: int
    time_divisor: float
    tasks_share: float
    cap: float
    burst_tasks: int
    is_small: bool = False


FULL = Size(seeds=3, time_divisor=100, tasks_share=1.0, cap=2.5, burst_tasks=200)
QUICK = Size(seeds=1, time_divisor=300, tasks_share=0.5, cap=2.0, burst_tasks=20, is_small=True)


def make_mix(name: str, size: Size) -> Scenario:
    """One of the mixes of the reference, on a machine of 24 GB made 16 times smaller."""
    mix = MIXES[name]
    tasks = max(4, round(mix.tasks * size.tasks_share))
    return Scenario(
        name=name,
        title=f"{tasks} tasks in {LIMIT_BYTES / GB:.1f} GB; memory ÷ {MEMORY_DIVISOR}, cores ÷ {mix.cores_divisor:g}, "
        f"time ÷ {size.time_divisor:g}",
        limit_bytes=LIMIT_BYTES,
        pieces=lambda seed: draw(mix, seed, tasks=tasks, time_divisor=size.time_divisor, limit_bytes=LIMIT_BYTES),
        seeds=size.seeds,
        cap=size.cap,
    )


def make_cores(size: Size) -> Scenario:
    """Tasks that only compute, each with a whole core: as many as there are cores is best, more does no harm."""
    tasks, longest_s = (10, 0.3) if size.is_small else (24, 0.7)
    return Scenario(
        name="cores",
        title=f"{tasks} tasks that only compute, {longest_s / 2:.2f} to {longest_s:.2f} s, 8 MB each",
        limit_bytes=LIMIT_BYTES,
        pieces=lambda seed: _draw_computing(seed, tasks, longest_s),
        seeds=1,
        cap=size.cap,
    )


def _draw_computing(seed: int, tasks: int, longest_s: float) -> list[Piece]:
    chance = random.Random(f"cores {seed}")
    return [
        Piece(
            key="compute-a",
            duration_s=chance.uniform(longest_s / 2, longest_s),
            cores=1.0,
            base_bytes=8e6,
            peak_bytes=8e6,
            rise_from=0.0,
            rise_to=0.0,
        )
        for _ in range(tasks)
    ]


def make_burst(size: Size, cap: float | None = None) -> Scenario:
    """Tasks that look harmless for three seconds and then all want 1 GB, in nearly all that the machine has left."""
    scale = 16 if size.is_small else 1
    limit_bytes = int(BURST_SHARE * _available_bytes()) // scale
    piece = Piece(
        key="burst-a",
        duration_s=4.0,
        cores=0.02,
        base_bytes=4e6,
        peak_bytes=BURST_BYTES / scale,
        rise_from=0.75,
        rise_to=0.75,
    )
    return Scenario(
        name="burst",
        title=f"{size.burst_tasks} tasks that take {BURST_BYTES / scale / 1e6:.0f} MB after 3 s, in "
        f"{limit_bytes / GB:.1f} GB",
        limit_bytes=limit_bytes,
        pieces=lambda _seed: [piece] * size.burst_tasks,
        seeds=1,
        cap=cap or (3.0 if size.is_small else BURST_CAP),
    )


def _available_bytes() -> int:
    words = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return next(int(word[1]) * 1024 for word in words if word[0] == "MemAvailable:")
