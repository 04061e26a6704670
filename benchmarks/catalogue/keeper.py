"""What a keeper costs: its start, and while its children sleep."""

from __future__ import annotations

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import MIB, Workbench


def run_sleepers(n: int, bench: Workbench) -> tuple[Run, ...]:
    """Children of a keeper that sleep."""
    return (Run((str(n), str(bench.scale.watch_s)), n),)


KEEPER = (
    Benchmark(
        name="keeper-start",
        title="From the start of a keeper to its greeting",
        unit="s",
        metric="figure",
        runs=lambda _bench: (Run(("20",), 20),),
        rivals=(Rival("keeper", "keeper/start.py"),),
        targets=(Target("keeper", 0.04, at_most=True),),
    ),
    Benchmark(
        name="keeper-memory",
        title="Memory of a keeper with many children that sleep",
        unit="bytes",
        metric="figure",
        runs=lambda bench: run_sleepers(bench.scale.tasks, bench),
        rivals=(Rival("keeper", "keeper/sleepers.py", ("Rss",)),),
        targets=(Target("keeper", 16 * MIB, at_most=True),),
    ),
    Benchmark(
        name="keeper-cpu",
        title="Processor time of a keeper with many children that sleep",
        unit="CPU s/min",
        metric="figure",
        runs=lambda bench: run_sleepers(bench.scale.tasks, bench),
        rivals=(Rival("keeper", "keeper/sleepers.py", ("cpu",)),),
        targets=(Target("keeper", 0.06, at_most=True),),
    ),
    Benchmark(
        name="keeper-many",
        title="Start children that sleep, all alive together, and end them",
        unit="spawns/s",
        runs=lambda bench: run_sleepers(bench.scale.sleepers, bench),
        rivals=(Rival("keeper", "keeper/sleepers.py", ("speed",)),),
    ),
)
