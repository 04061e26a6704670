"""When a task may try again whose service has refused it for now."""

from hypothesis import given
from hypothesis import strategies as st

from procession.policy.backpressure import FIRST_S, LONGEST_S, resume_at


def test_it_is_when_the_service_says_and_a_little_later():
    """So that not all who wait for that instant come together."""
    assert resume_at(1020.0, 1000.0, 1, 0.0) == 1020.0
    assert 1020.0 < resume_at(1020.0, 1000.0, 1, 1.0) <= 1022.0
    assert resume_at(1600.0, 1000.0, 1, 1.0) == 1660.0


def test_without_a_word_it_is_longer_each_time():
    """A minute, two, four, and never more than an hour."""
    waits = [resume_at(None, 0.0, number, 0.0) for number in (1, 2, 3, 20, 2000)]

    assert waits == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, LONGEST_S, LONGEST_S]


@given(st.floats(-1e6, 1e6), st.floats(0, 1))
def test_it_is_never_in_the_past(told, chance):
    """A time that has passed already means: now."""
    assert resume_at(told, 1000.0, 1, chance) >= 1000.0
