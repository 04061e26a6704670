"""Many jobs, so many at once: under a supervisor, from a queue, one for each item."""

from __future__ import annotations

import os

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import Workbench


def run_jobs(at_once: int, bench: Workbench) -> tuple[Run, ...]:
    """The trivial program as jobs of a queue; `jobs` many, so many at once, with a place for state."""
    n = bench.scale.jobs
    return (Run((str(n), bench.trivial_program, str(at_once), str(bench.output_directory)), n),)


def run_items(program: str, bench: Workbench) -> tuple[Run, ...]:
    """As many items as jobs, as many at once as this machine has processors, at least two."""
    n = bench.scale.jobs
    return (Run((str(n), program or bench.trivial_program, str(max(os.cpu_count() or 2, 2))), n),)


MAP_RIVALS = (
    Rival("xargs", "map/tool.py", ("xargs",)),
    Rival("parallel", "map/tool.py", ("parallel",)),
    Rival("procession", "map/tool.py", ("procession",)),
    Rival("procession_k", "map/tool.py", ("procession_k",)),
)
MAP_TARGETS = (Target("procession", 3.0, against="parallel"), Target("procession", 0.5, against="xargs"))

JOBS = (
    Benchmark(
        name="supervised",
        title="Run a trivial program, 64 at once: each a child of the keeper, each step in the store, each event told",
        unit="spawns/s",
        runs=lambda bench: run_jobs(64, bench),
        reference="popen_pidfd",
        rivals=(
            Rival("popen_pidfd", "spawn/popen_pidfd.py"),
            Rival("procession", "supervised/procession.py", ("null",)),
            Rival("procession_logs", "supervised/procession.py", ("logs",)),
            Rival("procession_keeper", "supervised/keeper.py"),
        ),
        targets=(Target("procession", 0.8, against="popen_pidfd"),),
    ),
    Benchmark(
        name="queue",
        title="Take jobs from one client and run them, 64 at once; what they print is kept",
        unit="jobs/s",
        runs=lambda bench: run_jobs(64, bench),
        reference="tsp",
        rivals=(Rival("tsp", "queue/tsp.py"), Rival("procession", "queue/procession.py")),
        targets=(Target("procession", 2.0, against="tsp"),),
    ),
    Benchmark(
        name="map",
        title="Run a trivial program for each of many items, from the start of the tool to its exit",
        unit="items/s",
        runs=lambda bench: run_items("", bench),
        reference="xargs",
        rivals=MAP_RIVALS,
        targets=MAP_TARGETS,
    ),
    Benchmark(
        name="map-echo",
        title="Run `echo` for each of many items, what it prints grouped (by all but xargs)",
        unit="items/s",
        runs=lambda bench: run_items("echo", bench),
        reference="xargs",
        rivals=MAP_RIVALS,
        targets=MAP_TARGETS,
    ),
)
