"""How long a client bears with a daemon that went away."""

import pytest

from procession.client import patience
from procession.client.patience import Patience
from procession.errors import ConnectionLost, DaemonUnavailable

LOST = ConnectionLost("/socket", "it was closed")
NONE_RUNS = DaemonUnavailable("/socket", "none runs")


@pytest.fixture
def clock(monkeypatch):
    """The time, to be moved by ``clock.now += s``."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(patience.time, "monotonic", lambda: Clock.now)
    return Clock


def test_one_that_was_never_there(clock):
    """It is not waited for."""
    with pytest.raises(DaemonUnavailable):
        Patience(10.0).next_delay_s(NONE_RUNS)


def test_one_that_went_away(clock):
    """It is tried more and more slowly, and not for ever."""
    patience = Patience(10.0)
    delays = [patience.next_delay_s(LOST)]
    for _ in range(6):
        clock.now += delays[-1]
        delays.append(patience.next_delay_s(NONE_RUNS))
    assert delays == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    clock.now += 10
    with pytest.raises(DaemonUnavailable):
        patience.next_delay_s(NONE_RUNS)


def test_a_second_break_after_a_long_time(clock):
    """Who waits for hours bears with each restart of the daemon as with the first."""
    patience = Patience(10.0)
    for _ in range(3):
        assert patience.next_delay_s(LOST) == 0.05
        clock.now += 3600
