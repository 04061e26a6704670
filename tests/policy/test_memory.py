"""Memory levels, with hysteresis, and what is to come."""

from hypothesis import given
from hypothesis import strategies as st

from procession.model.usage import TreeUsage
from procession.policy.memory import LONGEST_TICK_S, SHORTEST_TICK_S, MemoryLimits, judge_memory, next_tick_s

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


def test_who_grows_fast_is_seen_five_times_before_it_is_critical():
    """200 MB/s from nothing: at the old pace the third sample would be the first to know, and critical by then."""
    rate, at_s, samples = 200e6, 0.5, []
    while (memory_bytes := rate * at_s) < LIMITS.critical_bytes:
        samples.append(used(memory_bytes, at_s))
        at_s += next_tick_s(samples, LIMITS)

    assert [each.at for each in samples[:2]] == [0.5, 10.5]
    assert len(samples) - 2 >= 5
    assert rate * at_s < LIMITS.critical_bytes + rate * SHORTEST_TICK_S


def test_who_does_not_grow_is_looked_at_in_peace():
    """Nor who shrinks, or was seen but once; one that is critical already and grows on is looked at each second."""
    assert next_tick_s([], LIMITS) == next_tick_s([used(GIB)], LIMITS) == LONGEST_TICK_S
    assert next_tick_s([used(GIB), used(GIB, 10)], LIMITS) == LONGEST_TICK_S
    assert next_tick_s([used(2 * GIB), used(GIB, 10)], LIMITS) == LONGEST_TICK_S
    assert next_tick_s([used(4 * GIB), used(5 * GIB, 10)], LIMITS) == SHORTEST_TICK_S


AMOUNTS = st.lists(st.floats(0, 8), min_size=1, max_size=50)


@given(AMOUNTS)
def test_a_level_changes_only_where_its_limits_say(amounts):
    """Up at the limit, down below nine tenths of it, whatever came before; in between it stays what it was."""
    before = "ok"
    for amount, level in zip(amounts, levels(*amounts), strict=True):
        if amount >= 4:
            assert level == "critical"
        elif amount >= 3.6:
            assert level == ("critical" if before == "critical" else "high")
        elif amount >= 2:
            assert level == "high"
        elif amount >= 1.8:
            assert level == ("ok" if before == "ok" else "high")
        else:
            assert level == "ok"
        before = level


@given(AMOUNTS, st.floats(0.1, 20))
def test_a_tick_is_never_shorter_or_longer_than_it_may_be(amounts, passed_s):
    """Whatever the samples are, also two of one instant."""
    samples = [used(each * GIB, number * passed_s) for number, each in enumerate(amounts)]

    assert SHORTEST_TICK_S <= next_tick_s(samples, LIMITS) <= LONGEST_TICK_S
    assert next_tick_s([samples[0], samples[0]], LIMITS) == LONGEST_TICK_S
