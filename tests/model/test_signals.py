"""Signals by name and by number."""

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import InvalidSignal
from procession.model.signals import signal_name, signal_number


@pytest.mark.parametrize("given", ["TERM", "SIGTERM", "term", " sigterm ", "15", 15, signal.SIGTERM])
def test_every_way_to_say_term(given):
    """A name with or without SIG, in any case, or a number, as text or not."""
    assert signal_number(given) == 15


@pytest.mark.parametrize(
    "given", ["", "SIG", "NOPE", "0", "65", "-1", "1.5", "SIGSIGTERM", "SIG15", "9" * 5000, 0, -9, 65, True, 1.0, None]
)
def test_what_is_no_signal(given):
    """Anything else is an InvalidSignal that keeps what was given, never another signal, and never signal 0."""
    with pytest.raises(InvalidSignal) as raised:
        signal_number(given)

    assert raised.value.signal == given


@given(st.integers(1, 64))
def test_every_signal_has_a_name_that_means_it(number):
    """C030: every number has a printable name; those of the real-time signals can be read back, too."""
    name = signal_name(number)

    assert name.isprintable()
    if not name.startswith("signal "):
        assert signal_number(name) == number


@given(st.integers(-(2**40), 2**40))
def test_any_number_can_be_shown(number):
    """C030: a number that is no signal at all is shown as a number."""
    assert str(number) in signal_name(number) or signal_name(number).startswith("SIG")


def test_real_time_signals_are_counted_from_the_first():
    """C030: `RTMIN+6` is 40 where the C library says so, and the name says the same."""
    assert signal_number("RTMIN+6") == signal.SIGRTMIN + 6
    assert signal_name(signal.SIGRTMIN + 6) == "SIGRTMIN+6"
    with pytest.raises(InvalidSignal):
        signal_number("RTMIN+99")
    with pytest.raises(InvalidSignal):
        signal_number("RTMIN+x")
