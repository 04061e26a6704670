"""Retries and their delays, as pure decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.model.outcome import Outcome, OutcomeKind
from procession.model.task import task
from procession.policy.retry import retry_delay_s, shall_retry

RETRIED = {"failed", "killed", "out_of_memory", "timed_out", "unknown"}


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_which_ends_are_tried_again(kind):
    """Only ends that nobody wished are tried again."""
    outcome = Outcome(kind=kind, code=1)

    assert shall_retry(task(["x"], retries=1), 0, outcome) == (kind.value in RETRIED)


def test_no_more_than_asked():
    """The number of retries is the bound."""
    outcome = Outcome(kind=OutcomeKind.FAILED, code=1)

    assert not shall_retry(task(["x"]), 0, outcome)
    assert shall_retry(task(["x"], retries=2), 1, outcome)
    assert not shall_retry(task(["x"], retries=2), 2, outcome)


@pytest.mark.parametrize(("code", "retried"), [("program_not_found", False), ("no_processes_left", True)])
def test_starts_are_tried_again_when_that_can_help(code, retried):
    """A start that the machine could not afford is tried again; one that cannot work is not."""
    outcome = Outcome(kind=OutcomeKind.FAILED_TO_START, error_code=code)

    assert shall_retry(task(["x"], retries=1), 0, outcome) == retried


@given(number=st.integers(1, 10_000), chance=st.floats(0, 1), jitter=st.floats(0, 1), first=st.floats(0, 1000))
def test_delays_are_bounded(number, chance, jitter, first):
    """However many retries, a delay is from 0 to its limit."""
    policy = task(["x"], retry_delay_s=first, retry_jitter=jitter, retry_delay_limit_s=60)

    assert 0 <= retry_delay_s(policy, number, chance) <= 60


def test_delays_grow_and_are_jittered():
    """The bound doubles; full jitter gives anything below it, none gives the bound."""
    full, none = task(["x"]), task(["x"], retry_jitter=0)

    assert [retry_delay_s(none, number, 0.3) for number in (1, 2, 3)] == [1, 2, 4]
    assert [retry_delay_s(full, number, 0.5) for number in (1, 2, 3)] == [0.5, 1, 2]
    assert retry_delay_s(full, 3, 0.0) == 0
