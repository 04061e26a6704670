"""The time an attempt has run, pauses left out."""

import pytest

from procession.policy.running_time import running_s


def told(*events):
    """Events as they stand in the store."""
    return [{"event": name, "at": at} for name, at in events]


@pytest.mark.parametrize(
    ("events", "ran_s"),
    [
        ([], 0.0),
        ([("starting", 1), ("closed", 2)], 0.0),
        ([("started", 10)], 90.0),
        ([("started", 10), ("exited", 25)], 15.0),
        ([("started", 10), ("suspended", 20)], 10.0),
        ([("started", 10), ("suspended", 20), ("resumed", 40)], 70.0),
        ([("started", 10), ("suspended", 20), ("resumed", 40), ("exited", 45)], 15.0),
        ([("started", 10), ("resumed", 30), ("exited", 45)], 35.0),
        ([("suspended", 5), ("started", 10), ("exited", 20), ("exited", 30)], 10.0),
        ([("started", 50), ("exited", 20)], 0.0),
        ([("started", 200)], 0.0),
    ],
)
def test_spans_add_up(events, ran_s):
    """From its start, or the end of a pause, to a pause, its exit or now; a clock set back takes nothing away."""
    assert running_s(told(*events), 100.0) == ran_s
