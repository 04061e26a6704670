"""Folding events into views, alone."""

import pytest

from procession.errors import InvalidTransition
from procession.model.event import Ended, Resumed, Started, Starting, Stopping, Suspended, TreeEmpty, Waiting
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.task import task
from procession.model.view import view_of
from procession.supervisor.fold import fold

QUEUED = view_of(task(["x"]), "t1", "/", 1.0)
END = Ended(at=9.0, outcome=Outcome(kind=OutcomeKind.STOPPED))


def _folded(*events):
    view = QUEUED
    for event in events:
        view = fold(view, event)
    return view


RUNNING = (Starting(at=2.0, command="x"), Started(at=3.0, pid=7))


def test_a_life():
    """Times and pid are those of the events; a reason to wait is gone once it starts."""
    view = _folded(Waiting(at=1.0, reason="waiting: 1 running, limit 1"), *RUNNING, END)

    assert (view.state, view.pid, view.started_at, view.ended_at) == ("ended", 7, 3.0, 9.0)
    assert view.waiting is None
    assert view.outcome == END.outcome


def test_what_is_being_stopped_stays_so():
    """A tree that is paused and continued while it is being stopped is still stopping."""
    stopping = _folded(*RUNNING, Stopping(at=4.0, by="user"))

    assert fold(stopping, Suspended(at=5.0, by="outside")) == stopping
    assert fold(stopping, Resumed(at=5.0)) == stopping


@pytest.mark.parametrize("events", [[END, END], [*RUNNING, Suspended(at=4.0), Suspended(at=5.0)], [TreeEmpty(at=2.0)]])
def test_repetitions_and_bystanders_move_nothing(events):
    """A state that is there already is no move, and most events move nothing."""
    assert _folded(*events).state == _folded(*events[:-1]).state


@pytest.mark.parametrize(
    "events", [[Started(at=3.0, pid=7)], [END, *RUNNING], [Suspended(at=1.0)], [Stopping(at=1.0, by="x")]]
)
def test_impossible_events_are_refused(events):
    """An event that the table does not allow is an error, not a new way."""
    with pytest.raises(InvalidTransition):
        _folded(*events)
