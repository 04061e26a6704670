"""What is kept of samples over time."""

from hypothesis import given
from hypothesis import strategies as st

from procession.model.history import EXACT_S, KEPT_S, thinned
from procession.model.usage import TreeUsage

NOW = 1e6


def used(memory_bytes: float, at: float = 0.0, cpus: float | None = None) -> TreeUsage:
    """A sample."""
    return TreeUsage(at=at, processes=1, threads=1, memory_bytes=int(memory_bytes), cpu_s=0.0, cpus=cpus)


SAMPLES = st.lists(
    st.builds(
        used,
        st.integers(0, 1 << 40),
        st.floats(0, NOW),
        st.none() | st.floats(0, 8),
    ),
    max_size=300,
    unique_by=lambda each: each.at,
)
MOMENTS = st.lists(st.floats(0, NOW), max_size=5).map(sorted)


def at_times(samples: list[TreeUsage], since: float) -> list[TreeUsage]:
    """Those since then, in order."""
    return sorted((each for each in samples if each.at >= since), key=lambda each: each.at)


@given(SAMPLES)
def test_thinning_keeps_the_peak_and_all_that_is_recent(samples):
    """Nothing new is made up: the most memory of a week is that of what is kept."""
    kept = thinned(samples, NOW)

    assert thinned(kept, NOW) == kept
    assert at_times(kept, NOW - EXACT_S) == at_times(samples, NOW - EXACT_S)
    assert {each.at for each in kept} <= {each.at for each in samples}
    peak = max((each.memory_bytes for each in at_times(samples, NOW - KEPT_S)), default=0)
    assert peak <= max((each.memory_bytes for each in kept), default=0)


@given(SAMPLES, MOMENTS)
def test_it_makes_no_difference_how_often_a_store_thins(samples, moments):
    """Thinned now and then, with what came in between, is what all of it gives when it is thinned once, at the end."""
    waiting = sorted(samples, key=lambda each: each.at)
    stored: list[TreeUsage] = []
    for moment in [*moments, NOW]:
        come = [each for each in waiting if each.at <= moment]
        waiting = waiting[len(come) :]
        stored = thinned(stored + come, moment)

    assert stored == thinned(samples, NOW)


def test_a_week_of_samples_is_bounded():
    """One every ten seconds: what is kept fits into a thousand, and none is older than a week and its slot."""
    samples = [used(number, number * 10.0, 0.5) for number in range(100_000)]

    kept = thinned(samples, NOW)
    assert 700 < len(kept) < 1000
    assert {each.cpus for each in kept} == {0.5}
    assert NOW - kept[0].at <= KEPT_S + 900


def test_the_share_of_a_slot_is_its_mean():
    """The peak stays where it was; the processor share is that of the whole minute."""
    samples = [used(9 - number, number * 10.0, float(number)) for number in range(6)]

    assert thinned(samples, EXACT_S + 60) == [used(9, 0.0, 2.5)]
    assert thinned(samples, EXACT_S + 59) == samples
