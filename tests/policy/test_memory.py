"""Memory levels, with hysteresis, and what is to come."""

from procession.model.usage import TreeUsage
from procession.policy.memory import MemoryLimits, judge_memory

GIB = 1 << 30
LIMITS = MemoryLimits(2 * GIB, 4 * GIB)


def used(memory_bytes: float, at: float = 0.0) -> TreeUsage:
    """A sample."""
    return TreeUsage(at=at, processes=1, threads=1, memory_bytes=int(memory_bytes), cpu_s=0.0)


def levels(*gigabytes: float) -> list[str]:
    """Judge one sample after the other."""
    level, seen = "ok", []
    for each in gigabytes:
        level = judge_memory(level, [used(each * GIB)], LIMITS).level
        seen.append(level)
    return seen


def test_levels_have_hysteresis():
    """Whoever hovers at a limit is told once, and has recovered only well below it."""
    assert levels(1.9, 2.0, 1.9, 2.1, 1.7, 1.9) == ["ok", "high", "high", "high", "ok", "ok"]
    assert levels(4.1, 3.7, 3.5, 4.0, 1.0) == ["critical", "critical", "high", "critical", "ok"]


def test_shares_are_of_what_there_is():
    """A fraction is a share, a whole number is bytes; high is never above critical."""
    assert MemoryLimits.of(0.25, 1.0, 8 * GIB) == MemoryLimits(2 * GIB, 8 * GIB)
    assert MemoryLimits.of(5 * GIB, 0.5, 8 * GIB) == MemoryLimits(4 * GIB, 4 * GIB)


def test_a_steady_growth_says_when_it_will_be_critical():
    """100 MiB each ten seconds; one burst among them is no trend."""
    samples = [used(GIB + number * (100 << 20) + (GIB // 2 if number == 3 else 0), number * 10) for number in range(7)]
    judged = judge_memory("ok", samples, LIMITS)

    assert judged.slope_bytes_per_s == (100 << 20) / 10
    assert 235 < judged.critical_in_s < 250


def test_two_samples_are_no_trend():
    """Nor are those of long ago."""
    samples = [used(GIB, -1000), used(GIB, 0), used(2 * GIB, 10)]

    assert judge_memory("ok", samples, LIMITS).slope_bytes_per_s is None
    assert judge_memory("high", [], LIMITS).level == "high"
