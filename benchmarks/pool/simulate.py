"""How our admission compares, in simulation: ``python -m benchmarks.pool.simulate [--quick] [--seeds 20] [--mix …]``.

For each mix, variant and policy, over all seeds: makespan over that of a clairvoyant schedule and over the area bound,
kills for want of memory, evictions, work thrown away, decisions per second of deciding, the worst decision.
Our policy runs with ``hard_limit`` high: the founding 50 would cap agents, who mostly wait.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.pool.clairvoyant import clairvoyant_s
from benchmarks.pool.neighbour import Neighbour
from benchmarks.pool.peers import peers
from benchmarks.pool.workload import GB, MIXES, Workload, make_workload
from benchmarks.pool.world import Result, World
from procession.model.pool import PoolSettings
from procession.policy.adaptive import Adaptive
from procession.policy.footprint import Footprints
from procession.policy.tuning import PLAIN, Tuning

VARIANTS = ("plain", "container", "noisy", "surprising")
OURS = ("adaptive, with history", "adaptive, without")
HARD_LIMIT = 1000
GIVE_UP_AFTER = 12.0
"""Times the clairvoyant makespan."""

GIVE_UP_AFTER_KILLS = 500
"""For want of memory, in one run: whoever kills each task more than twice is not worth the time it takes to see."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run to make."""

    mix: str
    variant: str
    policy: str
    seed: int
    tasks: int = 200
    tuning: Tuning = PLAIN


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that was made, and what it is measured against."""

    case: Case
    clairvoyant_s: float
    bound_s: float
    result: Result

    @property
    def ratio(self) -> float:
        """Over the clairvoyant."""
        return self.result.makespan_s / self.clairvoyant_s


def run_case(case: Case) -> Outcome:
    """Simulate it."""
    workload = _workload(case.mix, case.seed, case.tasks, case.variant == "surprising")
    best_s = _clairvoyant_s(case.mix, case.seed, case.tasks, case.variant)
    world = _world(case, workload, _policy(case, workload), GIVE_UP_AFTER * best_s)
    return Outcome(case, best_s, workload.bound_s, world.run())


def _world(case: Case, workload: Workload, policy: Any, limit_s: float, *, history: bool = False) -> World:
    host = (128 * GB, 64) if case.variant == "container" else (0.0, 0)
    return World(
        workload,
        policy,
        workload.history if history else workload.jobs,
        Neighbour(case.seed if case.variant == "noisy" else None),
        host_memory_bytes=host[0],
        host_cores=host[1],
        limit_s=limit_s,
        most_kills=GIVE_UP_AFTER_KILLS,
        time_decisions=not history,
    )


def _policy(case: Case, workload: Workload) -> Any:
    if case.policy not in OURS:
        return peers()[case.policy]()
    footprints = Footprints()
    if case.policy == OURS[0]:
        _world(case, workload, _adaptive(case, footprints), math.inf, history=True).run()
    return _adaptive(case, footprints)


def _adaptive(case: Case, footprints: Footprints) -> Adaptive:
    pool = PoolSettings(hard_limit=HARD_LIMIT, soft_limit=HARD_LIMIT)
    return Adaptive(pool, footprints=footprints, wall_offset_s=1.7e9, tuning=case.tuning)


@cache
def _workload(mix: str, seed: int, tasks: int, surprising: bool) -> Workload:  # noqa: FBT001 - a part of the cache's key
    return make_workload(mix, seed, tasks, surprising=surprising)


@cache
def _clairvoyant_s(mix: str, seed: int, tasks: int, variant: str) -> float:
    workload = _workload(mix, seed, tasks, variant == "surprising")
    return clairvoyant_s(workload, Neighbour(seed if variant == "noisy" else None))


def run_seed(cases: list[Case]) -> list[Outcome]:
    """Simulate all cases of one seed, mix and variant: they share what they are measured against."""
    return [run_case(case) for case in cases]


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for, print a table for each mix and variant."""
    asked = _arguments(argv)
    names = [*OURS, *([] if asked.ours else peers())]
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    groups = [
        [Case(mix, variant, name, seed, asked.tasks) for name in names]
        for mix in asked.mix
        for variant in asked.variant
        for seed in seeds
    ]
    outcomes: list[Outcome] = []
    console = Console() if sys.stdout.isatty() else Console(width=150)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("simulating", total=len(groups))
        for made in _made(groups, asked.jobs):
            outcomes += made
            progress.advance(bar)
    for mix in asked.mix:
        for variant in asked.variant:
            console.print(_table(mix, variant, names, outcomes))
    if asked.json:
        asked.json.write_text(json.dumps([_as_dict(each) for each in outcomes], indent=1))
    return 0


def _made(groups: list[list[Case]], jobs: int) -> Iterator[list[Outcome]]:
    if jobs == 1:
        yield from map(run_seed, groups)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run_seed, groups)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pool.simulate", description=__doc__.partition(":")[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many (20)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--tasks", type=int, default=200, help="in one run (200)")
    parser.add_argument("--mix", action="append", choices=list(MIXES), help="may be repeated (all)")
    parser.add_argument("--variant", action="append", choices=VARIANTS, help="may be repeated (all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes to simulate in (1)")
    parser.add_argument("--ours", action="store_true", help="no peers")
    parser.add_argument("--quick", action="store_true", help="2 seeds, the plain variant")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run there")
    asked = parser.parse_args(argv)
    asked.mix = asked.mix or list(MIXES)
    asked.variant = asked.variant or (["plain"] if asked.quick else list(VARIANTS))
    asked.seeds = min(asked.seeds, 2) if asked.quick else asked.seeds
    return asked


def _table(mix: str, variant: str, names: list[str], outcomes: list[Outcome]) -> Table:
    table = Table(title=f"{mix}, {variant}", title_justify="left")
    table.add_column("policy")
    heads = (
        "/ clairvoyant",
        "worst",
        "/ bound",
        "OOM kills",
        "evicted",
        "wasted",
        "worst",
        "unfinished",
        "decisions/s",
    )
    for head in (*heads, "worst decision"):
        table.add_column(head, justify="right")
    for name in names:
        made = [o for o in outcomes if (o.case.mix, o.case.variant, o.case.policy) == (mix, variant, name)]
        table.add_row(name, *_row(made))
    return table


def _row(made: list[Outcome]) -> Iterator[str]:
    results = [each.result for each in made]
    more = ">" if any(each.unfinished for each in results) else ""
    yield f"{more}{statistics.mean(each.ratio for each in made):.3f}"
    yield f"{more}{max(each.ratio for each in made):.2f}"
    yield f"{more}{statistics.mean(each.result.makespan_s / each.bound_s for each in made):.3f}"
    yield f"{statistics.mean(each.oom_kills for each in results):.1f}"
    yield f"{statistics.mean(each.evictions for each in results):.1f}"
    yield f"{100 * statistics.mean(each.wasted for each in results):.2f} %"
    yield f"{100 * max(each.wasted for each in results):.2f} %"
    yield str(sum(each.unfinished for each in results))
    yield f"{sum(each.decisions for each in results) / max(sum(each.deciding_s for each in results), 1e-9):,.0f}"
    yield f"{1000 * max(each.worst_decision_s for each in results):.2f} ms"


def _as_dict(outcome: Outcome) -> dict[str, Any]:
    case = {"mix": outcome.case.mix, "variant": outcome.case.variant, "policy": outcome.case.policy}
    against = {"seed": outcome.case.seed, "clairvoyant_s": outcome.clairvoyant_s, "bound_s": outcome.bound_s}
    return {**case, **against, **asdict(outcome.result)}


if __name__ == "__main__":
    raise SystemExit(main())
