"""How soon an end is known, and how soon a whole tree stands still and runs on."""

from __future__ import annotations

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import Workbench


def run_ends(bench: Workbench) -> tuple[Run, ...]:
    """Children that are killed, one after another."""
    n = bench.scale.ends
    return (Run((str(n), str(bench.output_directory)), n),)


def run_suspensions(act: str, bench: Workbench) -> tuple[Run, ...]:
    """A large tree, paused and let run on again and again; the time of one of the two is the figure."""
    n = max(bench.scale.ends // 10, 5)
    return (Run((str(n), act), n),)


SUSPEND_RIVALS = (
    Rival("freezer_by_shell", "suspend/shell.py", ("freezer",)),
    Rival("kill_by_shell", "suspend/shell.py", ("kill",)),
    Rival("procession", "suspend/procession.py", ("cgroup",)),
    Rival("procession_session", "suspend/procession.py", ("session",)),
)

CONTROL = (
    Benchmark(
        name="exit-latency",
        title="From the signal that ends a child to the event that tells it; and to that event in the store (p50)",
        unit="s",
        metric="figure",
        runs=run_ends,
        reference="popen_pidfd",
        rivals=(
            Rival("popen_pidfd", "latency/popen_pidfd.py"),
            Rival("procession", "latency/procession.py"),
            Rival("procession_stored", "latency/procession.py", ("stored",)),
        ),
        targets=(Target("procession", 4.0, against="popen_pidfd", at_most=True),),
    ),
    Benchmark(
        name="suspend",
        title="Pause a tree of 200 processes, 50 of them in sessions of their own, until none runs (p50)",
        unit="s",
        metric="figure",
        runs=lambda bench: run_suspensions("suspend", bench),
        reference="freezer_by_shell",
        rivals=SUSPEND_RIVALS,
        targets=(Target("procession", 0.02, at_most=True),),
    ),
    Benchmark(
        name="resume",
        title="Let that tree run on (p50)",
        unit="s",
        metric="figure",
        runs=lambda bench: run_suspensions("resume", bench),
        reference="freezer_by_shell",
        rivals=SUSPEND_RIVALS,
        targets=(Target("procession", 0.02, at_most=True),),
    ),
)
