"""Rows that were edited, or are half, are left out and told; nothing is believed that could reach beyond our tasks."""

import os
import re
import sqlite3

import msgspec
import pytest

from procession.kernel.files import read_file
from procession.model.context import Context
from procession.model.record import ExitFact, Identity, TreeMark
from procession.store.hostile import BOOT_ID_PATH
from procession.store.store import Store


@pytest.fixture
def edited(path, make_record):
    """Two tasks, and a function that changes the file as somebody with a shell would."""
    with Store(path) as store:
        store.add_task(make_record(1, context=Context(env={"A": "1"})))
        store.add_task(make_record(2))
        store.commit()

    def edit(*statements: str) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE task SET id = '../../x' WHERE number = 1",
        "UPDATE task SET id = 'another' WHERE number = 1",
        "UPDATE task SET id = x'ff' WHERE number = 1",
        'UPDATE task SET spec = \'{"command": {"argv": []}}\' WHERE number = 1',
        'UPDATE task SET spec = \'{"command": {"argv": ["true"]}, "of_tomorrow": 1}\' WHERE number = 1',
        "UPDATE task SET context = x'00' WHERE number = 1",
        'UPDATE context SET body = \'{"env": {"A": "2"}}\'',
        "UPDATE standing SET view = x'00ff' WHERE number = 1",
        "UPDATE standing SET view = '' WHERE number = 1",
        "UPDATE standing SET view = printf('%.*c', 5000, '[') WHERE number = 1",
        "UPDATE standing SET view = replace(view, '\"pid\":null', '\"pid\":-1') WHERE number = 1",
        'UPDATE standing SET view = replace(view, \'"id":"t1"\', \'"id":"t2"\') WHERE number = 1',
        'UPDATE standing SET view = replace(view, \'"group":null\', \'"group":"../x"\') WHERE number = 1',
        "UPDATE standing SET state = 'running' WHERE number = 1",
        "UPDATE standing SET care = '[]' WHERE number = 1",
    ],
)
def test_a_task_that_cannot_be(path, edited, edit):
    """A task whose id, state, command or circumstances cannot be believed is left out; the others are not (C116)."""
    edited(edit)
    with Store(path) as store:
        assert [record.id for record in store.unfinished()] == ["t2"]
        store.unfinished()
        assert len(store.damaged) == 1
        assert re.match(r"task .* was left out: ", store.damaged[0])


def test_a_row_that_cannot_be(path, edited):
    """A table does not show ids, states or pids that cannot be (C116)."""
    edited("UPDATE task SET id = '../../x' WHERE number = 1", "UPDATE standing SET pid = 1 WHERE number = 2")
    with Store(path) as store:
        assert store.view_rows() == []
        assert len(store.damaged) == 2


def test_what_a_newer_version_added_is_ignored(path, edited):
    """A field of a view that we do not know is no damage."""
    edited('UPDATE standing SET view = replace(view, \'"id"\', \'"of_tomorrow":1,"id"\')')
    with Store(path) as store:
        assert len(store.views()) == 2
        assert store.damaged == []


OURS = Identity(boot_id=read_file(BOOT_ID_PATH).decode().strip(), pid=os.getpid(), start_ticks=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"leader": Identity(boot_id="a boot", pid=0, start_ticks=1)},
        {"leader": Identity(boot_id="a boot", pid=1, start_ticks=1)},
        {"leader": Identity(boot_id="a boot", pid=-1, start_ticks=1)},
        {"leader": OURS},
        {"tree": TreeMark(leaf="/sys/fs/cgroup/../..")},
        {"tree": TreeMark(leaf="")},
        {"offsets": {"../../x": 0}},
        {"offsets": {"stdout": -1}},
        {"exit": ExitFact(status=-1, at=1.0)},
    ],
)
def test_an_attempt_that_cannot_be(store, make_attempt, fields):
    """An attempt that names init, everybody, ourselves or a place elsewhere is never given out (C116)."""
    store.put_attempt(make_attempt(1, "t1", **fields))
    store.put_attempt(make_attempt(2, "t1"))
    store.commit()

    assert [record.key for record in store.attempts_not_over()] == [2]
    assert [record.key for record in store.attempts("t1")] == [2]
    assert store.damaged[0].startswith("attempt 1 was left out: ")
    assert len(store.damaged) == 1


def test_an_attempt_under_another_name(store, make_attempt):
    """An attempt is one of the task it says, and that has a name that can be (C116)."""
    store.put_attempt(make_attempt(1, "../../x"))
    store.put_attempt(make_attempt(2, "t1"))
    store.commit()
    store._connection.execute("UPDATE attempt SET task = 't2' WHERE key = 2")

    assert store.attempts_not_over() == []
    assert len(store.damaged) == 2


def test_our_pid_of_another_boot_is_no_damage(store, make_attempt):
    """After a reboot a task of before may have had the pid that is ours now."""
    attempt = make_attempt(1, "t1", leader=msgspec.structs.replace(OURS, boot_id="a boot before"))
    store.put_attempt(attempt)
    store.commit()

    assert store.attempts_not_over() == [attempt]
