"""What may go goes, the oldest first; what is unfinished or needed stays."""

import pytest

from procession.model.record import Phase
from procession.model.state import State
from procession.store.retention import Ended, choose_expired
from procession.store.store import Store

TASKS = [Ended("a", 10.0), Ended("b", 20.0), Ended("c", 30.0), Ended("d", 40.0)]
SIZES = {"a": 100, "b": 0, "c": 100, "d": 100}


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ({}, []),
        ({"older_than_s": 20.0}, ["a", "b"]),
        ({"older_than_s": 20.0, "needed": {"a"}}, ["b"]),
        ({"keep": 1}, ["a", "b", "c"]),
        ({"keep": 0}, ["a", "b", "c", "d"]),
        ({"keep": 9}, []),
        ({"keep": 1, "needed": {"b", "d"}}, ["a"]),
        ({"max_log_bytes": 300, "log_sizes": SIZES}, []),
        ({"max_log_bytes": 299, "log_sizes": SIZES}, ["a"]),
        ({"max_log_bytes": 100, "log_sizes": SIZES}, ["a", "c"]),
        ({"max_log_bytes": 0, "log_sizes": SIZES, "needed": {"d"}}, ["a", "c"]),
        ({"max_log_bytes": 200, "log_sizes": SIZES, "keep": 3}, ["a"]),
        ({"max_log_bytes": 100, "log_sizes": SIZES, "older_than_s": 35.0}, ["a", "c"]),
    ],
)
def test_which_go(rules, chosen):
    """Each rule lets the oldest go; together they let go what any of them does; what is needed stays."""
    assert choose_expired(TASKS, now=50.0, **rules) == chosen


def test_the_order_is_that_of_the_ends():
    """Oldest is what ended first, not what was submitted first."""
    assert choose_expired(TASKS[::-1], now=50.0, keep=2) == ["a", "b"]


def test_all_of_a_task_goes(path, make_record, make_attempt, make_event):
    """Rows, attempts and events of what expired are gone with the commit; all else stays, and seqs go on."""
    with Store(path) as store:
        for number in (1, 2, 3):
            store.add_task(make_record(number, State.ENDED if number < 3 else State.QUEUED))
            store.put_attempt(make_attempt(number, f"t{number}", Phase.OVER))
            store.add_event(make_event(f"t{number}"))
        store.commit()
        assert store.expire(now=100.0, keep=0, limit=1) == ["t1"]
        assert store.find("t1") is not None

        store.commit()

        assert [view.id for view in store.views()] == ["t2", "t3"]
        assert store.attempts("t1") == []
        assert [seq for seq, _ in store.events(0)] == [2, 3]
        assert store.expire(now=100.0, older_than_s=0.0, needed=["t2"]) == []
        assert store.expire(now=100.0, older_than_s=0.0) == ["t2"]
        assert store.expire(now=100.0, older_than_s=0.0) == []
        store.commit()
        assert store.counts() == {"queued": 1}
        assert store.add_event(make_event()) == 4


def test_a_task_that_is_tried_again_stays(store, make_record):
    """What has ended on disk, but was noted as queued again since, does not expire."""
    store.add_task(make_record(1, State.ENDED))
    store.commit()
    store.put_task(make_record(1))

    assert store.expire(now=100.0, keep=0) == []
