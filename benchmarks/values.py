"""The values a benchmark is made of, from what is asked to what was found. Plain data: nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from benchmarks.workbench import Workbench

Verdict = Literal["reached", "not reached", "not measured"]
Metric = Literal["speed", "growth", "figure"]


class Rival(msgspec.Struct, frozen=True):
    """One way to do the work: a script below `rivals/` and the options that make it this rival and no other."""

    name: str
    script: str
    options: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """What a rival is started with, and how much work it must report to have done."""

    arguments: tuple[str, ...]
    n: int


class Target(msgspec.Struct, frozen=True):
    """A figure to reach: a ratio where `against` names a rival, otherwise a bound on the median itself."""

    rival: str
    bound: float
    against: str | None = None
    at_most: bool = False


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """One contest: the same work for every rival.

    `growth` does it in two sizes and compares the peaks of memory; `figure` takes what the rival itself has found.
    """

    name: str
    title: str
    unit: str
    runs: Callable[[Workbench], tuple[Run, ...]]
    rivals: tuple[Rival, ...]
    metric: Metric = "speed"
    writes_files: bool = False
    reference: str | None = None
    targets: tuple[Target, ...] = ()


class Reading(msgspec.Struct, frozen=True):
    """What a rival says about one run of itself."""

    seconds: float
    n: int
    cpu_s: float
    peak_rss_bytes: int | None = None
    figure: float | None = None


class Sample(msgspec.Struct, frozen=True):
    """One rival's turn in one round. `foreign_cpu` is the share of the machine that others used meanwhile."""

    round: int
    value: float
    foreign_cpu: float | None
    readings: tuple[Reading, ...]


class Absence(msgspec.Struct, frozen=True):
    """Why a rival has no figure: its peer is not installed, or it broke."""

    rival: str
    broke: bool
    reason: str


class Contest(msgspec.Struct, frozen=True):
    """All that was measured in one benchmark, by rival, in the order of the rounds."""

    samples: dict[str, list[Sample]]
    absences: list[Absence]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One rival's line in the table. The ratio is the median of the rounds' own ratios."""

    rival: str
    median: float
    min: float
    max: float
    ratio: float | None
    ratio_min: float | None
    ratio_max: float | None
    cpu_s: float
    peak_rss_bytes: int | None
    foreign_cpu: float | None
    rounds: int


class Finding(msgspec.Struct, frozen=True):
    """What became of one target."""

    target: Target
    sentence: str
    value: float | None
    verdict: Verdict


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark, told."""

    name: str
    title: str
    unit: str
    reference: str | None
    rows: list[Row]
    findings: list[Finding]
    absences: list[Absence]
    samples: dict[str, list[Sample]]
