"""What tasks saved: the last few of each, written with everything else, gone with the task, read with suspicion."""

import sqlite3

import pytest

from procession.errors import StoreUnavailable
from procession.model.checkpoint import Checkpoint
from procession.store.store import Store


def checkpoint(number: int, task: str = "t1", **fields) -> Checkpoint:
    """Make one."""
    given = {"attempt": 1, "at": float(number), "by": "task", "can_resume": True, "reason": "r"}
    return Checkpoint(task=task, number=number, **(given | fields))


def numbers(store, task="t1"):
    """Give the numbers that are kept of a task."""
    return [each.number for each in store.checkpoints(task)]


def test_they_come_back(path):
    """The newest first, each task's own, through a reopening; bytes that are no UTF-8 included."""
    odd = checkpoint(1, "t2", resume_command=("cat", "\udcff"), metadata={"ü": "ü"})
    with Store(path) as store:
        for each in (checkpoint(1), checkpoint(3), checkpoint(2), odd):
            store.put_checkpoint(each)
        assert store.has_uncommitted
        store.commit()
    for read_only in (False, True):
        with Store(path, read_only=read_only) as store:
            assert store.checkpoints("t1") == [checkpoint(3), checkpoint(2), checkpoint(1)]
            assert store.checkpoints("t1")[0] == checkpoint(3)
            assert store.latest_checkpoints() == {"t1": checkpoint(3), "t2": odd}
            assert store.checkpoints("t3") == []
            assert store.checkpoints("ü") == []
            assert store.damaged == []


def test_the_last_few_are_kept(store):
    """Five of each task, whether they came in one commit or in many; an old one that comes late is not."""
    for number in range(1, 8):
        store.put_checkpoint(checkpoint(number))
        store.put_checkpoint(checkpoint(number, "t2"))
        if number % 3 == 0:
            store.commit()
    store.commit()
    store.put_checkpoint(checkpoint(1))
    store.commit()

    assert numbers(store) == numbers(store, "t2") == [7, 6, 5, 4, 3]
    assert store._connection.execute("SELECT count(*) FROM checkpoint").fetchone() == (10,)

    store.put_checkpoint(checkpoint(8), keep=2)
    store.commit()
    assert store._connection.execute("SELECT task, count(*) FROM checkpoint GROUP BY task").fetchall() == [
        ("t1", 2),
        ("t2", 5),
    ]
    assert numbers(store) == [8, 7]


def test_a_number_that_is_used_again(store):
    """The later one counts, on disk and before."""
    store.put_checkpoint(checkpoint(1))
    store.commit()
    store.put_checkpoint(checkpoint(1, reason="again"))
    assert [each.reason for each in store.checkpoints("t1")] == ["again"]
    store.commit()

    assert [each.reason for each in store.checkpoints("t1")] == ["again"]


def test_what_is_not_on_disk_yet_is_known(store):
    """Its number is taken, and nobody may take it again."""
    store.put_checkpoint(checkpoint(1))
    store.commit()
    store.put_checkpoint(checkpoint(2))

    assert numbers(store) == [2, 1]
    assert store.checkpoints("t1")[0] == checkpoint(2)
    assert store.latest_checkpoints() == {"t1": checkpoint(1)}


def test_while_nothing_can_be_written(store):
    """Nothing is lost, and no more is kept in memory than would be kept on disk."""
    store._connection.execute("PRAGMA query_only = ON")
    for number in range(1, 1000):
        store.put_checkpoint(checkpoint(number))
    with pytest.raises(StoreUnavailable):
        store.commit()
    assert numbers(store) == [999, 998, 997, 996, 995]
    assert len(store._writer.with_noted_checkpoints("t1", [])) == 5

    store._connection.execute("PRAGMA query_only = OFF")
    store.commit()
    assert numbers(store) == [999, 998, 997, 996, 995]
    assert not store.has_uncommitted


def test_they_go_with_their_task(store, make_record):
    """Also those that were not written yet; a new task of the same name has its own."""
    store.add_task(make_record(1))
    store.put_checkpoint(checkpoint(1))
    store.put_checkpoint(checkpoint(1, "t2"))
    store.commit()
    store.put_checkpoint(checkpoint(2))
    store.forget_task("t1")
    assert numbers(store) == []
    store.add_task(make_record(1))
    store.put_checkpoint(checkpoint(1, reason="of the new one"))
    assert [each.reason for each in store.checkpoints("t1")] == ["of the new one"]
    store.commit()

    assert [each.reason for each in store.checkpoints("t1")] == ["of the new one"]
    assert numbers(store, "t2") == [1]


def test_they_expire_with_their_task(store, make_record):
    """Retention leaves nothing behind."""
    from procession.model.state import State

    store.add_task(make_record(1, State.ENDED))
    store.put_checkpoint(checkpoint(1))
    store.commit()
    assert store.expire(now=1e9, older_than_s=1.0) == ["t1"]
    store.commit()

    assert numbers(store) == []
    assert store.latest_checkpoints() == {}


@pytest.mark.parametrize(
    "edit",
    [
        "SET body = x'00'",
        "SET body = ''",
        "SET body = substr(body, 1, length(body) / 2)",
        "SET body = NULL",
        "SET body = printf('%.*c', 5000, '[')",
        'SET body = replace(body, \'"task":"t1"\', \'"task":"t2"\')',
        "SET body = replace(body, '\"version\":1', '\"version\":2')",
        "SET body = replace(body, '\"version\":1', '\"of_tomorrow\":1')",
        'SET body = replace(body, \'"cwd":null\', \'"cwd":"../x"\')',
        "SET body = replace(body, '\"resume_command\":null', '\"resume_command\":[]')",
        'SET body = replace(body, \'"resume_command":null\', \'"resume_command":["a\\u001b[2K"]\')',
        "SET body = replace(body, '\"at\":2.0', '\"at\":Infinity')",
        "SET number = 7",
    ],
)
def test_one_that_cannot_be(store, edit):
    """It is left out and told, and the one before it is the newest."""
    for number in (1, 2):
        store.put_checkpoint(checkpoint(number))
    store.put_checkpoint(checkpoint(1, "t2"))
    store.commit()
    store._connection.execute(f"UPDATE checkpoint {edit} WHERE task = 't1' AND number = 2")

    assert store.latest_checkpoints() == {"t1": checkpoint(1), "t2": checkpoint(1, "t2")}
    assert store.checkpoints("t1") == [checkpoint(1)]
    assert store.checkpoints("t1")[0] == checkpoint(1)
    assert len(store.damaged) == 1
    assert store.damaged[0].startswith("checkpoint 't1' was left out: ")


def test_a_name_that_is_none(store):
    """A row of nobody is told, and harms nobody."""
    store.put_checkpoint(checkpoint(1))
    store.commit()
    store._connection.execute("INSERT INTO checkpoint SELECT x'ff', 1, 1.0, body FROM checkpoint")

    assert store.latest_checkpoints() == {"t1": checkpoint(1)}
    assert len(store.damaged) == 1


def test_torn_at_every_byte(store):
    """Half a row is none."""
    store.put_checkpoint(checkpoint(1, metadata={"k": "ü"}))
    store.commit()
    [(body,)] = store._connection.execute("SELECT body FROM checkpoint").fetchall()
    for end in range(len(body)):
        store._connection.execute("UPDATE checkpoint SET body = ?", (body[:end],))
        assert store.checkpoints("t1") == []


def test_a_file_of_form_4(path, make_record):
    """It gets the table, and keeps all it had."""
    with Store(path) as store:
        store.add_task(make_record(1))
        store.commit()
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE checkpoint; PRAGMA user_version = 4;")
    connection.close()
    with pytest.raises(StoreUnavailable, match="older form"):
        Store(path, read_only=True)

    with Store(path) as store:
        assert [each.id for each in store.unfinished()] == ["t1"]
        assert store.checkpoints("t1") == []
        store.put_checkpoint(checkpoint(1))
        store.commit()
        assert store.checkpoints("t1") == [checkpoint(1)]
