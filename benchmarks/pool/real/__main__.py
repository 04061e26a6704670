"""The command: `python -m benchmarks.pool.real`. Chooses what runs; running and telling are elsewhere."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from msgspec.structs import replace

from benchmarks.__main__ import parse_count
from benchmarks.machine import describe_machine
from benchmarks.pool.real.contest import Contest
from benchmarks.pool.real.control_group import NoGroup, find_place, keep_guard
from benchmarks.pool.real.orphans import adopt_orphans
from benchmarks.pool.real.program import make_program
from benchmarks.pool.real.rivals import RIVALS, Rival
from benchmarks.pool.real.scenarios import FULL, MIXES, QUICK, Scenario, Size, make_burst, make_cores, make_mix
from benchmarks.pool.real.tables import make_table, show_table
from benchmarks.pool.real.values import Report
from benchmarks.progress import show_progress
from benchmarks.report import open_console, show_machine

SCENARIOS = ("mixes", "cores", "burst")
MOST_CORES = 2
NO_GROUP = 2


def main() -> int:
    """0 whatever the figures are; 1 if a rival that is installed did not come to an end; 2 without a control group."""
    options = parse_options()
    cores = _keep_to_cores(MOST_CORES)
    adopt_orphans()
    try:
        place = find_place()
    except NoGroup as error:
        print(f"{error}: nothing was measured", file=sys.stderr)
        return NO_GROUP
    console = open_console()
    rivals, absences = choose_rivals(options.only)
    tables = []
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="procession-bench-"))
        stack.enter_context(keep_guard(place, scratch))
        language = make_program(scratch)
        machine = describe_machine(f"tasks in {language}, groups of version {place.version}", scratch)
        show_machine(console, machine)
        contest = Contest(place, scratch, cores)
        for scenario in choose_scenarios(options):
            with show_progress(scenario.name, scenario.seeds * len(rivals)) as tell:
                runs = contest.hold(scenario, rivals, tell)
            tables.append(make_table(scenario, runs, rivals, absences))
            show_table(console, tables[-1])
    if options.json:
        report = Report(
            quick=options.quick,
            cores=cores,
            group_version=place.version,
            program=language,
            machine=machine,
            tables=tables,
        )
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return int(any(run.complaint and not run.is_whole for table in tables for run in table.runs))


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pool.real",
        description="Runs tasks that take real memory in a limited control group, by Procession and by its peers.",
        epilog=f"Rivals: {'; '.join(rival.name for rival in RIVALS)}. The last ones run only when named.",
    )
    parser.add_argument("--seeds", metavar="N", type=parse_count, help="lists per mix (3, or 1 with --quick)")
    parser.add_argument("--mix", action="append", choices=MIXES, help="this mix alone; may be repeated")
    parser.add_argument(
        "--scenario", action="append", choices=SCENARIOS, help="this alone; may be repeated (mixes and cores)"
    )
    parser.add_argument("--only", metavar="RIVAL", action="append", help="whose name contains this; may be repeated")
    parser.add_argument("--time-divisor", metavar="N", type=float, help="how much faster than the reference (100)")
    parser.add_argument("--tasks-share", metavar="X", type=float, help="tasks per list, as a share of the usual (1)")
    parser.add_argument("--cap", metavar="X", type=float, help="give up after so many area bounds (2.5; burst: 30)")
    parser.add_argument("--burst-tasks", metavar="N", type=parse_count, help="tasks of the burst (200)")
    parser.add_argument("--quick", action="store_true", help="less of all: shows that it runs, not how well")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every run, too")
    return parser.parse_args()


def choose_rivals(words: Sequence[str] | None) -> tuple[list[Rival], dict[str, str]]:
    """Give those that are to take part and can, and why the others cannot."""
    wanted = [rival for word in words for rival in _named(word)] if words else _usual()
    wanted = [rival for rival in RIVALS if rival in wanted]
    absences = {rival.name: rival.absence for rival in wanted if rival.absence}
    chosen = [rival for rival in wanted if rival.name not in absences]
    if not chosen:
        sys.exit("no rival of that name is there")
    return chosen, absences


def _usual() -> list[Rival]:
    return [rival for rival in RIVALS if not rival.is_extra]


def _named(word: str) -> list[Rival]:
    """Those whose name contains the word; the extra ones if it is theirs alone."""
    named = [rival for rival in RIVALS if word in rival.name]
    return [rival for rival in named if not rival.is_extra or rival.name == word] or named


def choose_scenarios(options: argparse.Namespace) -> list[Scenario]:
    """Give what was asked for; the burst only by name, since it takes nearly all the memory there is."""
    names = options.scenario or (["mixes"] if options.mix else ["mixes", "cores"])
    size = _choose_size(options)
    chosen = [make_mix(name, size) for name in options.mix or MIXES] if "mixes" in names else []
    chosen += [make_cores(size)] if "cores" in names else []
    return [*chosen, make_burst(size, options.cap)] if "burst" in names else chosen


def _choose_size(options: argparse.Namespace) -> Size:
    given = {name: getattr(options, name) for name in ("seeds", "time_divisor", "tasks_share", "cap", "burst_tasks")}
    return replace(QUICK if options.quick else FULL, **{name: each for name, each in given.items() if each})


def _keep_to_cores(most: int) -> int:
    """Let ourselves and all we start use so many processors at most, and say how many those are."""
    cores = sorted(os.sched_getaffinity(0))[:most]
    os.sched_setaffinity(0, cores)
    return len(cores)


if __name__ == "__main__":
    # Groups and their processes must not outlive us.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
