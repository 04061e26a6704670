"""The command: `python -m benchmarks`. Chooses what runs, and in which order; measuring and telling are elsewhere."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.catalogue import BENCHMARKS
from benchmarks.machine import describe_machine
from benchmarks.measure import hold_contest
from benchmarks.progress import show_progress
from benchmarks.report import Report, open_console, show_machine, show_summary, write_report
from benchmarks.summary import summarise
from benchmarks.values import Benchmark, Summary
from benchmarks.workbench import FULL, QUICK, Workbench, open_workbench

NAMES = [benchmark.name for benchmark in BENCHMARKS]
QUICK_ROUNDS, FULL_ROUNDS = 2, 5


def main() -> int:
    """0 whatever the figures are; 1 if a rival that is installed could not do its work."""
    options = parse_options()
    chosen = [benchmark for benchmark in BENCHMARKS if benchmark.name in (options.only or NAMES)]
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else FULL_ROUNDS)
    console = open_console()
    with open_workbench(QUICK if options.quick else FULL, options.scratch) as bench:
        machine = describe_machine(bench.describe_trivial_program(), bench.output_directory)
        show_machine(console, machine)
        summaries = run_benchmarks(chosen, bench, rounds, console)
    if options.json:
        report = Report(quick=options.quick, rounds=rounds, machine=machine, benchmarks=summaries)
        write_report(options.json, report)
    return int(any(absence.broke for summary in summaries for absence in summary.absences))


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures Procession against its peers, interleaved. A missed target is shown, never an error.",
        epilog=f"Benchmarks: {', '.join(NAMES)}.",
    )
    parser.add_argument(
        "--only", metavar="NAME", action="append", choices=NAMES, help="this one alone; may be repeated"
    )
    parser.add_argument("--rounds", metavar="N", type=parse_count, help="turns per rival (5, or 2 with --quick)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every sample, too")
    parser.add_argument("--quick", action="store_true", help="less work per turn: shows that it runs, not how fast")
    parser.add_argument(
        "--scratch", metavar="DIR", type=Path, help="where files are written (shared memory if it fits)"
    )
    return parser.parse_args()


def parse_count(text: str) -> int:
    """A whole number above 0."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return count


def run_benchmarks(chosen: list[Benchmark], bench: Workbench, rounds: int, console: Console) -> list[Summary]:
    """One after another; each is told as soon as it is done, when its bar no longer stands in the way."""
    summaries: list[Summary] = []
    for benchmark in chosen:
        with show_progress(benchmark.name, rounds * len(benchmark.rivals)) as tell:
            contest = hold_contest(benchmark, bench, rounds, tell)
        summaries.append(summarise(benchmark, contest))
        show_summary(console, summaries[-1])
    return summaries


if __name__ == "__main__":
    # The files in shared memory must not outlive us.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
