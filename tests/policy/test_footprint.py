"""What is learned of a command from its runs."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procession.policy.footprint import ALL, Footprint, Footprints, Run, merged

GB = 1e9
DAY = 86400.0
NOW = 1.7e9


def run(peak_bytes=GB, running_s=60.0, **kwargs):
    """A run that was looked at."""
    return Run(running_s=running_s, peak_bytes=peak_bytes, **kwargs)


def learned(*runs, wall=NOW):
    """A footprint of these runs."""
    footprint = Footprint()
    for each in runs:
        footprint.learn(each, wall)
    return footprint


def test_quantiles_of_peaks():
    """A high quantile is near the highest, a low one near the lowest, within a bucket."""
    footprint = learned(*(run(GB * (1 + number / 10)) for number in range(20)))

    assert footprint.peak_bytes(0.5) == pytest.approx(1.95 * GB, rel=0.08)
    assert footprint.peak_bytes(0.99) == pytest.approx(2.9 * GB, rel=0.06)
    assert footprint.peak_bytes(0.5, above=2.5 * GB) == pytest.approx(2.7 * GB, rel=0.06)
    assert footprint.peak_bytes(0.5, above=4 * GB) is None


def test_few_runs_are_believed_less():
    """After one run more is expected than it took, and the doubt is greater than after many."""
    one, many = learned(run()), learned(*[run()] * 20)

    assert one.spread()[0] > 1.1 * GB > many.spread()[0]
    assert one.spread()[1] > many.spread()[1]


def test_old_runs_are_forgotten():
    """A week halves what a run weighs: what is new counts for more after some."""
    footprint = learned(*[run(8 * GB)] * 10)

    for _ in range(10):
        footprint.learn(run(GB), NOW + 28 * DAY)

    assert footprint.spread()[0] < 1.6 * GB


def test_sixty_four_runs_halve_what_was_before():
    """The weight of all runs never grows beyond what the half-life allows."""
    footprint = learned(*[run()] * 1000)

    assert 80 < footprint.runs < 95


def test_a_run_cut_short_raises_the_estimate_only():
    """Killed at 4 GB it might have taken more; killed at 100 MB it says nothing."""
    footprint = learned(*[run()] * 10)
    before = footprint.spread()

    footprint.learn(run(0.1 * GB, cut_short=True), NOW)
    assert footprint.spread() == before

    footprint.learn(run(4 * GB, cut_short=True), NOW)
    assert footprint.peak_bytes(1.0) == pytest.approx(4.8 * GB, rel=0.06)


def test_a_run_that_nobody_looked_at():
    """It was gone at once: it can have taken only little, and says nothing of processors."""
    footprint = learned(Run(running_s=0.005))

    assert footprint.spread()[0] < 20e6
    assert footprint.cpus is None
    assert footprint.duration_s() == pytest.approx(0.005, rel=0.06)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(1e3, 1e12), st.floats(1e-3, 1e6), st.floats(0, 64)), max_size=200))
def test_a_footprint_fits_into_a_row_and_comes_back(values):
    """However runs scatter, it takes at most 4 KiB, and what is read back says the same."""
    footprint = learned(*(run(p, s, cpus=c, half_s=s / 3, settled_s=s / 2) for p, s, c in values))

    kept = msgspec.msgpack.encode(footprint)

    assert len(kept) <= 4096
    assert msgspec.msgpack.decode(kept, type=Footprint) == footprint
    if values:
        assert footprint.peak_bytes(1.0) <= max(p for p, _, _ in values) * 1.4


def test_footprints_say_what_changed():
    """What has learned since it was asked before is given once, together with that of all commands."""
    footprints = Footprints()
    footprints.learn("a", run(), NOW)

    assert set(footprints.changed()) == {"a", ALL}
    assert not footprints.changed()
    assert footprints.get("b") is None


def test_what_was_kept_is_loaded():
    """A new start knows what the former one had learned, and puts it together with what it has learned itself."""
    former, new = Footprints(), Footprints()
    for _ in range(4):
        former.learn("a", run(2 * GB), NOW)
    new.learn("a", run(2 * GB), NOW)

    new.load(former.changed())

    assert new.get("a").runs == pytest.approx(4.9, abs=0.1)
    assert new.all.runs == pytest.approx(4.9, abs=0.1)


def test_merging_ages_the_older():
    """Of two, the older counts as it would count now."""
    both = merged(learned(run(GB)), learned(run(2 * GB), wall=NOW + 7 * DAY))

    assert both.runs == pytest.approx(1.5, abs=0.05)


def test_the_number_of_keys_is_bounded():
    """Whoever starts ever new commands makes the oldest keys forgotten, not those of all commands."""
    footprints = Footprints(most=10)
    for number in range(100):
        footprints.learn(f"k{number}", run(), NOW)

    assert footprints.get("k0") is None
    assert footprints.get("k99") is not None
    assert footprints.all.runs > 50
    assert len(footprints.changed()) <= 11
