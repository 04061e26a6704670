"""What it costs to start a program and to reap it."""

from __future__ import annotations

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import Workbench


def run_spawns(at_once: int, bench: Workbench) -> tuple[Run, ...]:
    """The trivial program, so many times in all, so many at once."""
    n = bench.scale.spawns
    return (Run((str(n), bench.trivial_program, str(at_once)), n),)


SPAWN_RIVALS = (
    Rival("popen_pidfd", "spawn/popen_pidfd.py"),
    Rival("procession", "spawn/procession.py"),
    Rival("procession_keep", "spawn/procession.py", ('descendants="keep"',)),
    Rival("run_in_threads", "spawn/run_in_threads.py"),
    Rival("asyncio_pidfd", "spawn/asyncio_watcher.py", ("pidfd",)),
    Rival("asyncio_threaded", "spawn/asyncio_watcher.py", ("threaded",)),
    Rival("trio", "spawn/trio_process.py"),
    Rival("anyio", "spawn/anyio_process.py"),
    Rival("node", "spawn/node.mjs"),
)
SPAWN_TARGETS = (
    Target("procession", 0.9, against="popen_pidfd"),
    Target("procession", 1.0, against="asyncio_pidfd"),
    Target("procession", 1.0, against="asyncio_threaded"),
    Target("procession", 1.0, against="node"),
)

SPAWNING = (
    Benchmark(
        name="spawn-sequential",
        title="Spawn and reap a trivial program, one after another",
        unit="spawns/s",
        runs=lambda bench: run_spawns(1, bench),
        reference="popen_pidfd",
        rivals=SPAWN_RIVALS,
        targets=SPAWN_TARGETS,
    ),
    Benchmark(
        name="spawn-64",
        title="Spawn and reap a trivial program, 64 at once",
        unit="spawns/s",
        runs=lambda bench: run_spawns(64, bench),
        reference="popen_pidfd",
        rivals=SPAWN_RIVALS,
        targets=SPAWN_TARGETS,
    ),
)
