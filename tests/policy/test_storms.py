"""Retry storms: who fails together comes back apart."""

from procession.policy.storms import HANDFUL, LONGEST_GAP_S, WITHIN_S, Storms


def test_a_few_failures_are_no_storm():
    """A handful of retries come when they were due."""
    storms = Storms()
    assert [storms.delay_s("k", 0.5, float(at)) for at in range(HANDFUL)] == [0.5] * HANDFUL


def test_many_that_fail_together_come_back_in_a_row():
    """Each a little after the one before, the further apart the more there are."""
    storms = Storms()
    delays = [storms.delay_s("k", 0.0, 100.0) for _ in range(100)]
    gaps = [later - sooner for sooner, later in zip(delays[HANDFUL:], delays[HANDFUL + 1 :], strict=False)]
    assert all(gap > 0 for gap in gaps)
    assert gaps == sorted(gaps)
    assert max(gaps) <= LONGEST_GAP_S


def test_others_do_not_wait_for_them():
    """A storm of one kind holds up nobody of another."""
    storms = Storms()
    for _ in range(50):
        storms.delay_s("k", 0.0, 100.0)
    assert storms.delay_s("other", 0.25, 100.0) == 0.25


def test_it_passes():
    """What failed long ago does not count."""
    storms = Storms()
    for _ in range(50):
        storms.delay_s("k", 0.0, 0.0)
    assert storms.delay_s("k", 0.0, 10_000.0 + WITHIN_S) == 0.0


def test_a_retry_is_never_sooner_than_it_was_due():
    """The row only makes it later."""
    storms = Storms()
    assert all(storms.delay_s("k", 7.0, 0.0) >= 7.0 for _ in range(50))
