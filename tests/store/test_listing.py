"""Lists: which tasks, in which order, and that no list walks through all that ever was."""

import fnmatch
import re

import pytest

from procession.model.state import State
from procession.store import listing, reader
from procession.store.listing import Wanted

LOOKED_THROUGH = re.compile(
    r"SCAN (standing|task|event|attempt|context|tally)\b(?! USING (COVERING INDEX|INDEX attempt_not_over))"
)
"""Not an index that has all that is wanted, nor one that has only what is wanted."""


@pytest.fixture
def filled(store, make_record):
    """Nine tasks: every third ended, the others queued or running, in groups of odd and even."""
    states = [State.QUEUED, State.RUNNING, State.ENDED]
    for number in range(1, 10):
        name = f"build{number}" if number > 6 else None
        store.add_task(make_record(number, states[number % 3], name=name, group="odd" if number % 2 else "even"))
    store.commit()
    return store


def ids(views) -> list[str]:
    """Give the ids of what was listed."""
    return [each.id for each in views]


def test_all_come_in_the_order_of_submission(filled):
    """Without a selection all are listed, as they were submitted."""
    assert ids(filled.views()) == ["t1", "t2", "t3", "t4", "t5", "t6", "build7", "build8", "build9"]


def test_a_limit_leaves_out_old_ended_ones(filled):
    """A limit counts the ended only, and keeps the newest."""
    assert ids(filled.views(limit=1)) == ["t1", "t3", "t4", "t6", "build7", "build8", "build9"]
    assert ids(filled.views(limit=0, states=["ended", "running"])) == ["t1", "t4", "build7"]


def test_tasks_are_chosen_by_any_of_ids_patterns_and_groups(filled):
    """Ids, patterns and groups add up; states narrow it."""
    assert ids(filled.views(ids=["t2", "none"], globs=["build*"])) == ["t2", "build7", "build8", "build9"]
    assert ids(filled.views(groups=["even"], ids=["t1"])) == ["t1", "t2", "t4", "t6", "build8"]
    assert ids(filled.views(groups=["even"], states=["ended"], limit=1)) == ["build8"]
    assert filled.views(ids=[]) == []


@pytest.mark.parametrize("glob", ["t[12]", "t[!12]", "?uild[7-8]", "*", "T1", "build9"])
def test_patterns_mean_what_they_mean_in_a_shell(filled, glob):
    """A pattern chooses what fnmatch would."""
    wanted = [each for each in ids(filled.views()) if fnmatch.fnmatchcase(each, glob)]

    assert ids(filled.views(globs=[glob])) == wanted


def test_rows_say_the_same_as_views(filled):
    """The cheap form has the same values as the views."""
    for row, view in zip(filled.view_rows(), filled.views(), strict=True):
        word = view.outcome.kind if view.outcome else view.waiting
        assert (row.id, row.state, row.attempt, row.pid) == (view.id, view.state, view.attempt, view.pid)
        assert (row.started_at, row.ended_at, row.group) == (view.started_at, view.ended_at, view.group)
        assert (row.word, row.command) == (word, view.command)


def test_tasks_are_counted_by_state(filled, make_record):
    """The counts follow every change of a state."""
    assert filled.counts() == {"ended": 3, "queued": 3, "running": 3}
    filled.put_task(make_record(1, State.ENDED, group="odd"))
    filled.put_task(make_record(3, State.RUNNING, group="odd"))
    filled.forget_task("t2")
    filled.commit()

    assert filled.counts() == {"ended": 3, "queued": 2, "running": 3}


@pytest.mark.parametrize(
    "question",
    [
        reader.UNFINISHED,
        reader.FIND,
        reader.ATTEMPTS,
        reader.ATTEMPTS_NOT_OVER,
        reader.EVENTS,
        reader.EVENTS_OF,
        reader.MARKS,
        reader.EVENT_BOUNDS,
        listing.VIEWS,
        listing.VIEWS_CHOSEN,
        listing.ROWS,
        listing.ROWS_CHOSEN,
    ],
)
def test_every_question_is_answered_by_an_index(filled, question):
    """No question reads a whole table: its cost is that of its answer, at a hundred thousand tasks, too."""
    values = Wanted().values() if ":" in question else ("x",) * question.count("?")
    plan = [row[3] for row in filled._connection.execute(f"EXPLAIN QUERY PLAN {question}", values)]

    assert [step for step in plan if LOOKED_THROUGH.search(step)] == []
