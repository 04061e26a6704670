"""How fast what a program prints is read, kept, or cut into lines, and what memory that takes."""

from __future__ import annotations

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import LINES_IN_FILE, MIB, Workbench

FLAT_BYTES = 4 * MIB


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


OUTPUT = (
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
