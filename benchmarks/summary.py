"""From samples to medians, ratios and verdicts. Pure: values in, values out."""

from __future__ import annotations

from statistics import median

from benchmarks.values import Benchmark, Contest, Finding, Row, Sample, Summary, Target, Verdict
from benchmarks.workbench import MIB


def summarise(benchmark: Benchmark, contest: Contest) -> Summary:
    """One benchmark's table, with what became of its targets."""
    present = [rival.name for rival in benchmark.rivals if rival.name in contest.samples]
    return Summary(
        name=benchmark.name,
        title=benchmark.title,
        unit=benchmark.unit,
        reference=benchmark.reference,
        rows=[make_row(name, contest, benchmark.reference) for name in present],
        findings=[judge(target, benchmark, contest) for target in benchmark.targets],
        absences=contest.absences,
        samples=contest.samples,
    )


def make_row(name: str, contest: Contest, reference: str | None) -> Row:
    """One rival against the reference."""
    samples = contest.samples[name]
    values = [sample.value for sample in samples]
    ratios = round_ratios(contest, name, reference) if reference else []
    return Row(
        rival=name,
        median=median(values),
        min=min(values),
        max=max(values),
        ratio=median(ratios) if ratios else None,
        ratio_min=min(ratios, default=None),
        ratio_max=max(ratios, default=None),
        cpu_s=median(sample.readings[-1].cpu_s for sample in samples),
        peak_rss_bytes=highest_peak(samples),
        foreign_cpu=median_foreign(samples),
        rounds=len(samples),
    )


def round_ratios(contest: Contest, name: str, against: str) -> list[float]:
    """The ratio within each round both took part in: what slows a round down slows both, and cancels out."""
    theirs = {sample.round: sample.value for sample in contest.samples.get(against, [])}
    ours = contest.samples.get(name, [])
    return [sample.value / theirs[sample.round] for sample in ours if theirs.get(sample.round)]


def judge(target: Target, benchmark: Benchmark, contest: Contest) -> Finding:
    """Whether the target was reached; never a reason to fail, because machines differ."""
    value = measure_target(target, contest)
    verdict: Verdict = "not measured"
    if value is not None:
        kept = value <= target.bound if target.at_most else value >= target.bound
        verdict = "reached" if kept else "not reached"
    return Finding(target, say_target(target, benchmark.unit), value, verdict)


def measure_target(target: Target, contest: Contest) -> float | None:
    """The figure the target speaks of, if its rivals ran."""
    if target.against is not None:
        values = round_ratios(contest, target.rival, target.against)
    else:
        values = [sample.value for sample in contest.samples.get(target.rival, [])]
    return median(values) if values else None


def say_target(target: Target, unit: str) -> str:
    """The target as a short sentence."""
    comparison = "at most" if target.at_most else "at least"
    if target.against is not None:
        return f"{target.rival} {comparison} {target.bound:g} × {target.against}"
    bound = f"{target.bound / MIB:g} MiB" if unit == "bytes" else f"{target.bound:,g} {unit}"
    return f"{target.rival} {comparison} {bound}"


def highest_peak(samples: list[Sample]) -> int | None:
    """The most memory the rival took in any round."""
    peaks = [reading.peak_rss_bytes for sample in samples for reading in sample.readings]
    return max((peak for peak in peaks if peak is not None), default=None)


def median_foreign(samples: list[Sample]) -> float | None:
    """How busy others kept the machine."""
    shares = [sample.foreign_cpu for sample in samples if sample.foreign_cpu is not None]
    return median(shares) if shares else None
