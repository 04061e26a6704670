"""Takes the samples: every rival once per round, in a fresh process, the order rotated each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from benchmarks.machine import CpuClock
from benchmarks.values import Absence, Benchmark, Contest, Reading, Rival, Run, Sample
from benchmarks.workbench import Workbench

ROOT = Path(__file__).resolve().parent.parent
RIVALS = Path(__file__).resolve().parent / "rivals"
TURN_TIMEOUT_S = 300.0


class Skipped(Exception):
    """The rival cannot run on this machine."""


class Broke(Exception):
    """The rival ran and did not do the work."""


class Answer(msgspec.Struct):
    """The one JSON line a rival prints: its reading, or why it has none."""

    seconds: float = 0.0
    n: int = 0
    cpu_s: float = 0.0
    peak_rss_bytes: int | None = None
    figure: float | None = None
    skipped: str | None = None


def hold_contest(benchmark: Benchmark, bench: Workbench, rounds: int, tell: Callable[[str], None]) -> Contest:
    """All rounds of one benchmark; `tell` hears the name of each rival as its turn begins."""
    contest = Contest(samples={}, absences=[])
    runs = benchmark.runs(bench)
    running = list(benchmark.rivals)
    touch_memory(running[0], runs)
    for number in range(rounds):
        for rival in rotate(benchmark.rivals, number):
            tell(rival.name)
            if rival not in running:
                continue
            bench.sweep()
            if benchmark.writes_files:
                bench.warm_memory()
            try:
                sample = take_sample(benchmark, rival, runs, number)
            except (Skipped, Broke) as error:
                running.remove(rival)
                contest.absences.append(Absence(rival.name, isinstance(error, Broke), str(error)))
            else:
                contest.samples.setdefault(rival.name, []).append(sample)
    bench.sweep()
    return contest


def touch_memory(rival: Rival, runs: tuple[Run, ...]) -> None:
    """One turn that nobody sees: whoever is first to touch pages and caches would pay for all."""
    with suppress(Skipped, Broke):
        take_reading(rival, runs[-1])


def rotate(rivals: tuple[Rival, ...], number: int) -> tuple[Rival, ...]:
    """Round 0: A B C; round 1: B C A; so that nobody always comes first, when the machine is coolest."""
    start = number % len(rivals)
    return rivals[start:] + rivals[:start]


def take_sample(benchmark: Benchmark, rival: Rival, runs: tuple[Run, ...], number: int) -> Sample:
    """One rival's turn, with what others used of the machine meanwhile."""
    clock = CpuClock()
    readings = tuple(take_reading(rival, run) for run in runs)
    return Sample(number, value_of(benchmark, readings), clock.foreign_share(), readings)


def value_of(benchmark: Benchmark, readings: tuple[Reading, ...]) -> float:
    """What is compared."""
    first = readings[0]
    if benchmark.metric == "growth":
        return growth_bytes(readings)
    if benchmark.metric == "figure":
        if first.figure is None:
            raise Broke("gave no figure")
        return first.figure
    return first.n / first.seconds


def growth_bytes(readings: tuple[Reading, ...]) -> float:
    """How much more memory the larger work took."""
    peaks = [reading.peak_rss_bytes for reading in readings]
    small, large = peaks[0], peaks[-1]
    if small is None or large is None:
        raise Skipped("its peak of memory cannot be read here")
    return float(large - small)


def take_reading(rival: Rival, run: Run) -> Reading:
    """What the rival says, once it is clear that it did all of the work."""
    answer = start_rival([*interpret(rival), *run.arguments, *rival.options])
    if answer.skipped is not None:
        raise Skipped(answer.skipped)
    if answer.n != run.n:
        raise Broke(f"did {answer.n} of {run.n}")
    return Reading(answer.seconds, answer.n, answer.cpu_s, answer.peak_rss_bytes, answer.figure)


def interpret(rival: Rival) -> list[str]:
    """The beginning of the rival's command line, by the kind of its script."""
    script = RIVALS / rival.script
    if script.suffix == ".mjs":
        return ["node", str(script)]
    module = script.relative_to(ROOT).with_suffix("")
    return [sys.executable, "-m", ".".join(module.parts)]


def start_rival(argv: list[str]) -> Answer:
    """Runs the rival to its end and reads its one line."""
    try:
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TURN_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise Skipped(f"{argv[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Broke(f"took longer than {TURN_TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        raise Broke(last_line(done.stderr) or f"ended with {done.returncode}")
    try:
        return msgspec.json.decode(done.stdout, type=Answer)
    except msgspec.DecodeError as error:
        raise Broke(f"printed no reading: {error}") from None


def environment() -> dict[str, str]:
    """Ours, with the tree's own `src` first: what is measured is what lies here, not what is installed."""
    paths = [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def last_line(text: bytes) -> str:
    """Where a traceback says what happened."""
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
