"""Records come back as they were, and nothing is there before it was committed."""

import json
import os
import stat

import msgspec
import pytest

from procession.errors import InvalidTask
from procession.model.command import Command, StopStep
from procession.model.context import Context
from procession.model.event import Ended, StartFailed
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.record import Care, ExitFact, Phase, TreeMark
from procession.model.state import State
from procession.model.stdio import File, Log
from procession.model.task import Dependency
from procession.store.store import Store

ODD = os.fsdecode(b"caf\xe9")
"""Bytes that are no UTF-8, as a file name may be."""


def test_a_task_comes_back_as_it_was(path, make_record):
    """Every field of a record, odd bytes and infinite durations included, is the same after a reopening."""
    command = Command(
        argv=("cp", ODD, "ü\n"),
        env={"A": "1", "B": None},
        stdin=File("/dev/zero"),
        stdout=Log("/tmp/l"),
        fds={3: 7},
        grace_s=float("inf"),
        timeout_s=float("inf"),
        stop_signals=(StopStep(2, 1.5),),
    )
    record = make_record(1, name="copy", command=command, retries=2, group="g", after=(Dependency("x", "ended"),))
    care = Care(wish="user", retries_used=1, due_at=9.5, last_outcome=Outcome(kind=OutcomeKind.KILLED, signal=9))
    record = msgspec.structs.replace(record, care=care, context=Context(env={"HOME": ODD, "PATH": "/bin"}, umask=18))
    with Store(path) as store:
        store.add_task(record)
        store.commit()

    with Store(path) as store:
        assert store.find("copy") == record
        assert store.unfinished() == [record]
        assert store.views() == [record.view]
        assert store.view_rows()[0].command == record.view.command
        assert store.damaged == []


def test_an_attempt_comes_back_as_it_was(store, make_attempt):
    """Attempts are found by task, and as long as they are not over; the last word about each counts."""
    first = make_attempt(1, "a", Phase.OVER, tree=TreeMark(leaf="/sys/fs/cgroup/x"), exit=ExitFact(status=256, at=7.0))
    second = make_attempt(2, "a", offsets={"stdout": 10})
    store.put_attempt(make_attempt(1, "a", Phase.INTENDED, leader=None))
    store.put_attempt(first)
    store.put_attempt(second)
    store.commit()

    assert store.attempts("a") == [first, second]
    assert store.attempts_not_over() == [second]


def test_nothing_is_there_before_the_commit(path, store, make_record, make_event):
    """What was noted is neither read by us nor by others, until it is committed; then it is told."""
    told = []
    store.on_commit = told.extend
    with Store(path, read_only=True) as other:
        store.add_task(make_record(1))
        assert store.add_event(make_event("t1")) == 1
        assert store.has_uncommitted
        assert (store.find("t1"), store.views(), other.views(), store.events(0), told) == (None, [], [], [], [])

        store.commit()

        assert not store.has_uncommitted
        assert [view.id for view in other.views()] == ["t1"]
        assert other.events(0) == store.events(0) == told


def test_only_the_last_word_about_a_task_is_written(store, make_record):
    """Of many changes in one commit the last counts, also when the task itself was edited."""
    record = make_record(1)
    store.add_task(record)
    for line in ("one", "two"):
        record = msgspec.structs.replace(record, view=msgspec.structs.replace(record.view, last_line=line))
        store.put_task(record)
    store.commit()
    edited = make_record(1, State.RUNNING, command=Command(argv=("false",)), priority=3, group="late")
    store.put_task(edited)
    store.commit()

    assert store.find("t1") == edited
    assert store.views(groups=["late"]) == [edited.view]


def test_an_event_is_the_same_json_as_everywhere(store):
    """The bytes of an event are what its dictionary would be, odd bytes as escapes."""
    events = [
        Ended(at=1.0, task="a", attempt=1, outcome=Outcome(kind=OutcomeKind.SUCCEEDED, code=0)),
        StartFailed(at=2.0, task="a", attempt=1, error="program_not_found", message=f"no {ODD}"),
    ]
    for event in events:
        store.add_event(event)
    store.commit()

    assert [json.loads(body) for _, body in store.events(0)] == [event.as_dict() for event in events]


def test_events_are_paged_and_chosen(store, make_event):
    """Events come after a seq, up to a limit, of some tasks or all; the bounds say which there are."""
    assert store.event_bounds() == (1, 0)
    for task in ("a", "b", "a", None):
        store.add_event(make_event(task))
    store.commit()

    assert [seq for seq, _ in store.events(1, limit=2)] == [2, 3]
    assert [seq for seq, _ in store.events(0, tasks=["a", "x"])] == [1, 3]
    assert store.event_bounds() == (1, 4)


def test_equal_contexts_are_one(path, store, make_record):
    """Circumstances are stored once for all tasks, whatever the order of variables, and read as one object."""
    store.add_task(make_record(1, context=Context(env={"A": "1", "B": "2"})))
    store.add_task(make_record(2, context=Context(env={"B": "2", "A": "1"})))
    store.add_task(make_record(3, context=Context(env={"A": "other"})))
    store.commit()

    with Store(path, read_only=True) as other:
        one, two, three = (record.context for record in other.unfinished())
        assert one is two
        assert one is not three
        assert other._reader.ask("SELECT count(*) FROM context") == [(2,)]


def test_a_request_happens_once(path):
    """A reply is found by its request, before and after the commit, and after a reopening."""
    with Store(path) as store:
        store.note_reply("key ü", b"created")
        assert store.find_reply("key ü") == b"created"
        store.commit()
    with Store(path) as store:
        assert store.find_reply("key ü") == b"created"
        assert store.find_reply("another") is None


def test_old_replies_go(store, monkeypatch):
    """Only so many replies are remembered, the newest."""
    monkeypatch.setattr("procession.store.writer.REPLIES_KEPT", 3)
    for number in range(5):
        store.note_reply(f"r{number}", b"x")
    store.commit()

    assert [store.find_reply(f"r{number}") is not None for number in range(5)] == [False, False, True, True, True]


def test_numbers_are_never_given_twice(path, make_record, make_attempt, make_event):
    """Numbers, keys and seqs go on where they were, even if the rows that had them were removed."""
    with Store(path) as store:
        assert (store.next_number(), store.next_key()) == (1, 1)
        store.add_task(make_record(1, State.ENDED))
        store.put_attempt(make_attempt(1, "t1", Phase.OVER))
        store.add_event(make_event("t1"))
        store.commit()
        store.forget_task("t1")
        store.commit()
        assert (store.views(), store.attempts("t1"), store.events(0)) == ([], [], [])
        assert store.event_bounds() == (2, 1)
    with Store(path) as store:
        assert (store.next_number(), store.next_key(), store.add_event(make_event())) == (2, 2, 2)


def test_an_id_can_be_used_again(store, make_record, make_event):
    """A task that was forgotten gives its id to another, in the same commit, too; events of the new one stay."""
    store.add_task(make_record(1, State.ENDED, name="a", context=Context(env={"SECRET": "s"})))
    store.add_event(make_event("a"))
    store.commit()
    store.add_event(make_event("a"))
    store.forget_task("a")
    store.add_task(make_record(2, name="a"))
    store.add_event(make_event("a", "new"))
    store.commit()

    assert store.find("a").number == 2
    assert [seq for seq, _ in store.events(0, tasks=["a"])] == [3]
    assert store.counts() == {"queued": 1}
    assert store._reader.ask("SELECT count(*) FROM context") == [(0,)]


def test_an_id_that_is_taken(store, make_record):
    """A second task of the same id is refused at once: it would keep every later commit from happening."""
    store.add_task(make_record(1, name="a"))
    with pytest.raises(InvalidTask, match="'a'"):
        store.add_task(make_record(2, name="a"))
    store.commit()
    with pytest.raises(InvalidTask, match="'a'"):
        store.add_task(make_record(3, name="a"))


def test_forgotten_before_it_was_written(store, make_record, make_attempt):
    """A task that comes and goes between two commits leaves nothing."""
    store.add_task(make_record(1))
    store.put_attempt(make_attempt(1, "t1"))
    store.forget_task("t1")
    store.commit()

    assert (store.views(), store.attempts_not_over(), store.counts()) == ([], [], {})


def test_only_its_owner_can_read_it(path, make_record):
    """The file holds variables of jobs: it and what is beside it are 0600 whatever the umask, and made so again."""
    before = os.umask(0)
    try:
        with Store(path) as store:
            store.add_task(make_record(1))
            store.commit()
            modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
        os.chmod(path, 0o644)
        Store(path).close()
    finally:
        os.umask(before)

    assert modes == {0o600}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
