"""Runs lists: seed by seed, each rival in turn, in a group of its own that is gone afterwards.

Bounded: a run by its area bound, a task by an alarm of its own (see ``work.c``), tries by a count.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.machine import CpuClock
from benchmarks.pool.real.control_group import Place, open_group
from benchmarks.pool.real.entrant import Entrant
from benchmarks.pool.real.journal import Attempt, lost_attempts, make_journal, read_journal
from benchmarks.pool.real.orphans import reap_orphans
from benchmarks.pool.real.plan import Piece, area_bound_s, write_plan
from benchmarks.pool.real.program import JOURNAL, PLAN
from benchmarks.pool.real.rivals import Rival
from benchmarks.pool.real.scenarios import Scenario
from benchmarks.pool.real.values import Run

LEAST_CAP_S = 2.0
TRAINING_SEED = 1000


class Contest:
    """What all runs have in common: where groups are made, the scratch directory with the program, the cores."""

    def __init__(self, place: Place, scratch: Path, cores: int) -> None:
        """Nothing runs yet."""
        self._place = place
        self._scratch = scratch
        self._cores = cores
        self._numbers = itertools.count()

    def hold(self, scenario: Scenario, rivals: Sequence[Rival], tell: Callable[[str], None]) -> list[Run]:
        """Give every rival every seed; who begins changes from seed to seed."""
        runs = []
        for rival in rivals:
            self._forget(rival)
            if rival.learns:
                self._run(scenario, TRAINING_SEED, rival)
        for seed in range(1, scenario.seeds + 1):
            turn = seed % len(rivals)
            for rival in (*rivals[turn:], *rivals[:turn]):
                tell(rival.name)
                if not rival.learns:
                    self._forget(rival)
                runs.append(self._run(scenario, seed, rival))
        return runs

    def _forget(self, rival: Rival) -> None:
        shutil.rmtree(self._home(rival), ignore_errors=True)
        self._home(rival).mkdir()

    def _home(self, rival: Rival) -> Path:
        return self._scratch / f"home-{''.join(each for each in rival.name if each.isalnum())}"

    def _run(self, scenario: Scenario, seed: int, rival: Rival) -> Run:
        pieces = scenario.pieces(seed)
        bound_s = area_bound_s(pieces, self._cores, scenario.limit_bytes)
        cap_s = max(scenario.cap * bound_s, LEAST_CAP_S)
        write_plan(self._scratch / PLAN, pieces, int(cap_s) + 2)
        make_journal(self._scratch / JOURNAL, len(pieces))
        clock = CpuClock()
        with (
            open_group(self._place, scenario.limit_bytes, next(self._numbers)) as group,
            Entrant(rival, group, self._scratch, self._home(rival)) as entrant,
        ):
            makespan_s = entrant.do_all(pieces, cap_s)
            oom_kills = group.oom_kills()
        reap_orphans()
        foreign = clock.foreign_share()
        attempts = read_journal(self._scratch / JOURNAL)
        lost = lost_attempts(attempts, was_stopped=entrant.was_stopped)
        return Run(
            scenario=scenario.name,
            seed=seed,
            rival=rival.name,
            bound_s=bound_s,
            makespan_s=makespan_s,
            tasks=len(pieces),
            done=len({each.number for each in attempts if each.ended}),
            oom_kills=oom_kills,
            lost=len(lost),
            wasted=_wasted_share(lost, pieces),
            cores_busy=_cores_busy(attempts),
            rounds=entrant.rounds,
            foreign=foreign,
            complaint=entrant.last_words(),
        )


def _wasted_share(lost: Sequence[Attempt], pieces: Sequence[Piece]) -> float:
    lost_s = sum(each.done * pieces[each.number].duration_s for each in lost)
    return lost_s / sum(piece.duration_s for piece in pieces)


def _cores_busy(attempts: Sequence[Attempt]) -> float:
    """Processor time of all attempts, over the time from the first sign of one to the last."""
    seen = [each for each in attempts if each.started_s > 0]
    if not seen:
        return 0.0
    lasted_s = max(each.seen_s for each in seen) - min(each.started_s for each in seen)
    return sum(each.cpu_s for each in seen) / lasted_s if lasted_s else 0.0
