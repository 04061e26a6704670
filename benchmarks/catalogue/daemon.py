"""What a daemon costs: when it is given tasks or asked for them, while they sleep, and while they talk."""

from __future__ import annotations

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import Workbench


def run_submissions(bench: Workbench) -> tuple[Run, ...]:
    """Many tasks that are not started."""
    n = bench.scale.submissions
    return (Run((str(n), str(bench.output_directory)), n),)


def run_list(bench: Workbench) -> tuple[Run, ...]:
    """A list of many tasks that are over."""
    n = bench.scale.tasks
    return (Run((str(n), bench.trivial_program, str(bench.output_directory)), n),)


def run_idle(bench: Workbench) -> tuple[Run, ...]:
    """Many tasks that sleep."""
    n = bench.scale.tasks
    return (Run((str(n), str(bench.scale.watch_s), str(bench.output_directory)), n),)


def run_talking(bench: Workbench) -> tuple[Run, ...]:
    """Tasks that print ten lines a second each."""
    n = bench.scale.talking_tasks
    arguments = (str(n), str(bench.scale.watch_s), bench.talking_program, str(bench.output_directory))
    return (Run(arguments, n),)


DAEMON = (
    Benchmark(
        name="submit",
        title="Hand over many tasks to a daemon through one client",
        unit="tasks/s",
        runs=run_submissions,
        rivals=(Rival("procession", "daemon/submit.py"),),
        targets=(Target("procession", 2000),),
    ),
    Benchmark(
        name="ls",
        title="Start to exit of `procession ls`, with many tasks, and of the bare interpreter",
        unit="s",
        metric="figure",
        runs=run_list,
        reference="python",
        rivals=(
            Rival("python", "daemon/ls.py", ("python",)),
            Rival("procession_ls", "daemon/ls.py", ("procession",)),
        ),
        targets=(Target("procession_ls", 3.0, against="python", at_most=True),),
    ),
    Benchmark(
        name="idle-memory",
        title="Memory of daemon and keeper with many tasks that sleep",
        unit="bytes",
        metric="figure",
        runs=run_idle,
        rivals=(Rival("rss", "daemon/idle.py", ("Rss",)), Rival("pss", "daemon/idle.py", ("Pss",))),
        targets=(Target("rss", 80_000_000, at_most=True),),
    ),
    Benchmark(
        name="idle-cpu",
        title="Processor time of daemon and keeper with many tasks that sleep",
        unit="CPU s/min",
        metric="figure",
        runs=run_idle,
        rivals=(Rival("procession", "daemon/idle.py", ("cpu",)),),
        targets=(Target("procession", 0.6, at_most=True),),
    ),
    Benchmark(
        name="chatty-cpu",
        title="Processor time of supervisor and keeper with tasks that print ten lines a second each",
        unit="CPU s/min",
        metric="figure",
        runs=run_talking,
        rivals=(Rival("procession", "daemon/chatty.py", ("cpu",)),),
        targets=(Target("procession", 4.0, at_most=True),),
    ),
    Benchmark(
        name="chatty-lag",
        title="How late the event loop of a supervisor is while tasks print ten lines a second each (p99)",
        unit="s",
        metric="figure",
        runs=run_talking,
        rivals=(Rival("procession", "daemon/chatty.py", ("lag",)),),
        targets=(Target("procession", 0.05, at_most=True),),
    ),
)
