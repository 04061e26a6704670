"""The judgement about an attempt that nobody looked after for a while: every case, and which one comes first."""

import itertools

import pytest

from procession.model.record import AttemptRecord, ExitFact, Phase
from procession.policy.recovery import Ended, Found, Kept, NeverStarted, Orphaned, judge_attempt

FACT = ExitFact(status=7 << 8, at=5.0)
NOW = 10.0


def record(phase):
    """An attempt that has come so far."""
    return AttemptRecord(key=1, task="t", attempt=1, phase=phase)


def lost(fate):
    """Say why it counts as lost; None where it does not."""
    if not isinstance(fate, Ended) or fate.fact.lost is None:
        return None
    assert (fate.fact.status, fate.fact.at) == (None, NOW)
    return fate.fact.lost


def test_nothing_was_ever_asked_of_a_keeper():
    """Without a record nothing can have been started."""
    assert judge_attempt(None, Found(), NOW) == NeverStarted()


@pytest.mark.parametrize("found", [{"keeper_runs": True}, {"keeper_ended": True}])
@pytest.mark.parametrize("phase", [Phase.INTENDED, Phase.STARTED, Phase.EXITED])
def test_its_keeper_knows_it(found, phase):
    """What the keeper says is true, whatever else there is."""
    assert judge_attempt(record(phase), Found(written=FACT, is_same_boot=False, **found), NOW) == Kept()


@pytest.mark.parametrize("phase", Phase)
def test_its_exit_is_written_down(phase):
    """What was written happened, also before a reboot, and whoever has its number now."""
    found = Found(written=FACT, is_same_boot=False, leader_lives=True)

    assert judge_attempt(record(phase), found, NOW) == Ended(FACT)


def test_its_start_failed():
    """Over without an exit: nothing ran, and it may be tried again."""
    assert judge_attempt(record(Phase.OVER), Found(is_same_boot=False), NOW) == NeverStarted()


@pytest.mark.parametrize("phase", [Phase.INTENDED, Phase.STARTED])
def test_the_machine_was_restarted(phase):
    """It is lost, though somebody lives under its number."""
    assert "restarted" in lost(judge_attempt(record(phase), Found(is_same_boot=False, leader_lives=True), NOW))


@pytest.mark.parametrize("phase", [Phase.INTENDED, Phase.STARTED])
def test_it_lives_without_its_keeper(phase):
    """It is followed as an orphan."""
    assert judge_attempt(record(phase), Found(leader_lives=True, is_same_keeper=False), NOW) == Orphaned()


@pytest.mark.parametrize(
    ("is_same_keeper", "tree_lives", "is_requeued"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_an_intent_that_nobody_knows_of(is_same_keeper, tree_lives, is_requeued):
    """Only a keeper that is still the same can say that it was never started; else it may have run, and is lost."""
    fate = judge_attempt(record(Phase.INTENDED), Found(is_same_keeper=is_same_keeper, tree_lives=tree_lives), NOW)

    assert (fate == NeverStarted()) is is_requeued
    assert (lost(fate) is None) is is_requeued


def test_it_ended_unseen():
    """It is lost, with the reason."""
    assert "neither supervisor nor keeper" in lost(judge_attempt(record(Phase.STARTED), Found(), NOW))


def test_no_case_is_a_success_that_nobody_saw():
    """C035: whatever is found, without a written exit there is no status; what had started starts no second time."""
    for phase in (Phase.STARTED, Phase.EXITED):
        for flags in itertools.product((True, False), repeat=6):
            names = ("keeper_runs", "keeper_ended", "is_same_boot", "is_same_keeper", "leader_lives", "tree_lives")
            fate = judge_attempt(record(phase), Found(**dict(zip(names, flags, strict=True))), NOW)
            assert fate != NeverStarted()
            assert not isinstance(fate, Ended) or fate.fact.status is None
