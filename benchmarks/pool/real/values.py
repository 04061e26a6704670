"""What was found, from one run to the whole file. Plain data."""

from __future__ import annotations

from statistics import fmean

from msgspec import Struct

from benchmarks.machine import Machine


class Run(Struct, frozen=True, kw_only=True):
    """One rival's way through one list.

    makespan_s: from the start of the rival to its end; where not all was done in time, the time after which it was
    stopped, and the true one is longer. lost: attempts that did not end. wasted: work thrown away, for each unit of
    work asked for. cores_busy: by the tasks, all attempts, while there were any; foreign: share of the machine that
    neither we nor our children used. complaint: the last words of a rival that did not end well.
    """

    scenario: str
    seed: int
    rival: str
    bound_s: float
    makespan_s: float
    tasks: int
    done: int
    oom_kills: int
    lost: int
    wasted: float
    cores_busy: float
    rounds: int
    foreign: float | None
    complaint: str = ""

    @property
    def ratio(self) -> float:
        """Makespan over area bound."""
        return self.makespan_s / self.bound_s

    @property
    def is_whole(self) -> bool:
        """Whether every task was done."""
        return self.done == self.tasks


class Row(Struct, frozen=True, kw_only=True):
    """The runs of one rival in one scenario, together: means, and the range of the ratio."""

    rival: str
    ratio: float
    ratio_min: float
    ratio_max: float
    is_whole: bool
    done: float
    oom_kills: float
    lost: float
    wasted: float
    cores_busy: float
    foreign: float | None


class Table(Struct, frozen=True, kw_only=True):
    """One scenario: its rows, all its runs, and who was missing and why."""

    name: str
    title: str
    limit_bytes: int
    rows: list[Row]
    runs: list[Run]
    absences: dict[str, str]


class Report(Struct, frozen=True, kw_only=True):
    """The whole file."""

    schema: int = 1
    quick: bool
    cores: int
    group_version: int
    program: str
    machine: Machine
    tables: list[Table]


def make_row(rival: str, runs: list[Run]) -> Row:
    """Put the runs of all seeds together."""
    ratios = [run.ratio for run in runs]
    foreign = [run.foreign for run in runs if run.foreign is not None]
    return Row(
        rival=rival,
        ratio=fmean(ratios),
        ratio_min=min(ratios),
        ratio_max=max(ratios),
        is_whole=all(run.is_whole for run in runs),
        done=fmean(run.done / run.tasks for run in runs),
        oom_kills=fmean(run.oom_kills for run in runs),
        lost=fmean(run.lost for run in runs),
        wasted=fmean(run.wasted for run in runs),
        cores_busy=fmean(run.cores_busy for run in runs),
        foreign=fmean(foreign) if foreign else None,
    )
