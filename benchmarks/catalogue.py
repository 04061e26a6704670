"""Every benchmark with its rivals and targets: to add a rival, add a line. What the rivals do is in `rivals/`."""

from __future__ import annotations

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import LINES_IN_FILE, MIB, Workbench

FLAT_BYTES = 4 * MIB


def run_spawns(at_once: int, bench: Workbench) -> tuple[Run, ...]:
    """The trivial program, so many times in all, so many at once."""
    n = bench.scale.spawns
    return (Run((str(n), bench.trivial_program, str(at_once)), n),)


def run_capture(bench: Workbench) -> tuple[Run, ...]:
    """One large output, read and forgotten."""
    n = bench.scale.output_bytes
    return (Run((str(n),), n),)


def run_into_file(bench: Workbench) -> tuple[Run, ...]:
    """One large output that ends in a file."""
    n = bench.scale.output_bytes
    return (Run((str(n), str(bench.output_directory)), n),)


def run_lines(bench: Workbench) -> tuple[Run, ...]:
    """Many short lines."""
    return (cat_lines(bench, bench.scale.line_repeats),)


def run_capture_twice(bench: Workbench) -> tuple[Run, ...]:
    """A small and a large output, so that memory which grows with the output shows."""
    small, large = bench.scale.small_output_bytes, bench.scale.output_bytes
    return (Run((str(small),), small), Run((str(large),), large))


def run_lines_twice(bench: Workbench) -> tuple[Run, ...]:
    """Few and many lines, so that memory which grows with their number shows."""
    few, many = bench.scale.small_line_repeats, bench.scale.line_repeats
    return (cat_lines(bench, few), cat_lines(bench, many))


def cat_lines(bench: Workbench, repeats: int) -> Run:
    """The file of lines, over and over."""
    return Run((str(repeats), bench.line_file), repeats * LINES_IN_FILE)


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

BENCHMARKS = (
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
    Benchmark(
        name="capture",
        title="Read all a child prints, and forget it",
        unit="bytes/s",
        runs=run_capture,
        reference="os_read",
        rivals=(
            Rival("os_read", "capture/os_read.py"),
            Rival("procession", "capture/procession.py"),
            Rival("asyncio_reader", "capture/asyncio_reader.py"),
            Rival("asyncio_protocol", "capture/asyncio_protocol.py"),
            Rival("node", "capture/node.mjs"),
        ),
        targets=(Target("procession", 0.85, against="os_read"),),
    ),
    Benchmark(
        name="pipe-to-file",
        title="Read all a child prints, and write it to a file",
        unit="bytes/s",
        runs=run_into_file,
        writes_files=True,
        reference="os_read",
        rivals=(
            Rival("os_read", "to_file/os_read.py"),
            Rival("procession", "to_file/procession.py"),
            Rival("asyncio_reader", "to_file/asyncio_reader.py"),
            Rival("node", "to_file/node.mjs"),
        ),
    ),
    Benchmark(
        name="log-file",
        title="Let the child write into a file itself",
        unit="bytes/s",
        runs=run_into_file,
        writes_files=True,
        reference="shell",
        rivals=(
            Rival("shell", "log/shell.py"),
            Rival("procession_log", "log/procession.py", ("Log",)),
            Rival("procession_file", "log/procession.py", ("File",)),
            Rival("popen", "log/popen.py"),
        ),
        targets=(Target("procession_log", 0.95, against="shell"),),
    ),
    Benchmark(
        name="lines",
        title="Lines of 80 bytes, each one touched",
        unit="lines/s",
        runs=run_lines,
        reference="asyncio_readline",
        rivals=(
            Rival("asyncio_readline", "lines/asyncio_readline.py"),
            Rival("procession_lines", "lines/procession.py", ("lines",)),
            Rival("procession_batches", "lines/procession.py", ("batches",)),
            Rival("procession_tagged", "lines/procession.py", ("tagged",)),
            Rival("asyncio_protocol", "lines/asyncio_protocol.py"),
            Rival("os_read_split", "lines/os_read.py"),
            Rival("node_readline", "lines/node.mjs"),
        ),
        targets=(
            Target("procession_lines", 3.0, against="asyncio_readline"),
            Target("procession_batches", 3_000_000),
        ),
    ),
    Benchmark(
        name="memory-capture",
        title="How much the peak of memory grows from a small output to a large one",
        unit="bytes",
        runs=run_capture_twice,
        metric="growth",
        rivals=(
            Rival("os_read", "capture/os_read.py"),
            Rival("procession", "capture/procession.py"),
            Rival("asyncio_reader", "capture/asyncio_reader.py"),
            Rival("node", "capture/node.mjs"),
        ),
        targets=(Target("procession", FLAT_BYTES, at_most=True),),
    ),
    Benchmark(
        name="memory-lines",
        title="How much the peak of memory grows from few lines to many",
        unit="bytes",
        runs=run_lines_twice,
        metric="growth",
        rivals=(
            Rival("asyncio_readline", "lines/asyncio_readline.py"),
            Rival("procession_lines", "lines/procession.py", ("lines",)),
            Rival("procession_batches", "lines/procession.py", ("batches",)),
            Rival("procession_tagged", "lines/procession.py", ("tagged",)),
        ),
        targets=(
            Target("procession_lines", FLAT_BYTES, at_most=True),
            Target("procession_batches", FLAT_BYTES, at_most=True),
            Target("procession_tagged", FLAT_BYTES, at_most=True),
        ),
    ),
)
