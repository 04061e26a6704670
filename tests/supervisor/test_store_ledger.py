"""The ledger over a real store that now and then cannot be written: nothing is lost, and whoever waits is told."""

import asyncio
import logging

import pytest

from procession.errors import StoreUnavailable
from procession.model.checkpoint import Checkpoint
from procession.model.command import Command
from procession.model.event import Submitted
from procession.model.record import AttemptRecord, Phase
from procession.model.task import Task
from procession.model.view import view_of
from procession.store.store import Store
from procession.supervisor import store_ledger
from procession.supervisor.entry import Entry
from procession.supervisor.ledger import NoLedger
from procession.supervisor.log_shelf import LogShelf
from procession.supervisor.store_ledger import StoreLedger


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A ledger that tries again soon."""
    monkeypatch.setattr(store_ledger, "RETRY_S", 0.02)
    with Store(tmp_path / "store.db") as store:
        yield StoreLedger(store, LogShelf(str(tmp_path / "logs")))


def entry_of(name, number=1):
    """A task that has just been accepted."""
    task = Task(command=Command(argv=("true",)), name=name)
    return Entry(task, view_of(task, name, "/", 1.0), number)


def break_store(ledger):
    """Let every commit fail, as a file that may not be written does."""
    ledger.store._connection.execute("PRAGMA query_only = ON")


def mend_store(ledger):
    """Let commits succeed again."""
    ledger.store._connection.execute("PRAGMA query_only = OFF")


async def test_one_commit_per_turn(ledger):
    """What is noted in one turn of the loop is on disk together, after it, and whoever waits for it goes on then."""
    commits = []
    ledger.after_each_commit(lambda: commits.append(ledger.store.event_bounds()))
    entry = entry_of("a")
    ledger.accept(entry)
    for _ in range(3):
        ledger.note(Submitted(at=1.0, task="a", attempt=1, command="true"), entry)
    ledger.note_attempt(AttemptRecord(key=ledger.store.next_key(), task="a", attempt=1))
    assert ledger.store.event_bounds() == (1, 0)
    await ledger.wait_written()

    assert commits == [(1, 3)]
    assert ledger.find("a").view == entry.view
    assert ledger.find("b") is None
    await ledger.wait_written()
    await ledger.close()
    assert ledger.next_number() == 2


async def test_a_commit_that_fails_is_tried_again(ledger, caplog):
    """New work is refused at once, what was noted is kept, and goes to disk when that is possible: all of it, once."""
    entry = entry_of("a")
    ledger.accept(entry)
    await ledger.commit()
    break_store(ledger)
    with caplog.at_level(logging.WARNING, "procession.store"):
        ledger.note(Submitted(at=1.0, task="a", attempt=1, command="true"), entry)
        waiting = asyncio.create_task(ledger.wait_written())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert ledger.failure == "it may not be written"
        with pytest.raises(StoreUnavailable, match="may not be written") as caught:
            ledger.check_writable()
        assert "doctor" in caught.value.hint
        with pytest.raises(StoreUnavailable):
            await ledger.commit()
        ledger.note_attempt(AttemptRecord(key=1, task="a", attempt=1, phase=Phase.EXITED))
        mend_store(ledger)
        await waiting

    assert ledger.failure is None
    ledger.check_writable()
    assert ledger.store.event_bounds() == (1, 1)
    assert [each.phase for each in ledger.store.attempts("a")] == [Phase.EXITED]
    assert [each.levelname for each in caplog.records] == ["ERROR", "WARNING"]
    await ledger.close()


async def test_closing_while_it_fails(ledger):
    """No timer of it is left."""
    break_store(ledger)
    ledger.accept(entry_of("a"))
    await asyncio.sleep(0)
    await ledger.close()
    mend_store(ledger)
    await asyncio.sleep(0.05)

    assert ledger.find("a") is None


async def test_forgetting(ledger):
    """A task that is forgotten in the turn in which it changed leaves nothing."""
    entry = entry_of("a")
    ledger.accept(entry)
    await ledger.commit()
    ledger.note(Submitted(at=1.0, task="a", attempt=1, command="true"), entry)
    ledger.forget("a")
    await ledger.wait_written()

    assert ledger.find("a") is None
    assert ledger.store.events(0) == []


async def test_replies(ledger):
    """A reply is written with what it is about; one that was taken back is not."""
    ledger.note_reply("kept", b"1")
    ledger.note_reply("taken back", b"2")
    ledger.store.forget_reply("taken back")
    await ledger.wait_written()

    assert ledger.store.find_reply("kept") == b"1"
    assert ledger.store.find_reply("taken back") is None


async def test_tidying(ledger, monkeypatch, caplog):
    """A store that wants it is tidied in a thread, once at a time; that it fails is told and no more."""
    tidied = []
    monkeypatch.setattr(Store, "needs_checkpoint", True)
    monkeypatch.setattr(Store, "checkpoint", lambda _: tidied.append(1) or (_ for _ in ()).throw(OSError("no")))
    for number in range(1, 3):
        ledger.accept(entry_of(f"a{number}", number))
        await ledger.commit()
    with caplog.at_level(logging.ERROR, "procession.store"):
        await ledger.close()
        await asyncio.sleep(0)

    assert 1 <= len(tidied) <= 2
    assert [each.message for each in caplog.records] == ["the store cannot be tidied"] * len(tidied)


def checkpoint(number):
    """What task ``a`` has saved."""
    return Checkpoint(task="a", number=number, attempt=1, at=1.0, by="task", can_resume=False, reason="it did not say")


@pytest.mark.parametrize("has_store", [True, False])
async def test_checkpoints(ledger, has_store):
    """The last five are known at once, the newest first, and forgotten with the task; with a store and without."""
    ledger = ledger if has_store else NoLedger()
    assert ledger.checkpoints("a") == []
    for number in range(1, 8):
        ledger.note_checkpoint(checkpoint(number), 5)
        assert ledger.checkpoints("a")[0] == checkpoint(number)
    await ledger.wait_written()
    assert [each.number for each in ledger.checkpoints("a")] == [7, 6, 5, 4, 3]

    ledger.forget("a")
    assert ledger.checkpoints("a") == []
    await ledger.commit()
    assert ledger.checkpoints("a") == []


async def test_checkpoints_wait_for_a_store_that_fails(ledger):
    """Other than samples they are not lost, and what counts on is right meanwhile."""
    break_store(ledger)
    ledger.note_checkpoint(checkpoint(1), 5)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ledger.note_checkpoint(checkpoint(2), 5)
    assert ledger.failure is not None
    assert [each.number for each in ledger.checkpoints("a")] == [2, 1]
    mend_store(ledger)
    await ledger.wait_written()

    assert ledger.store.latest_checkpoints() == {"a": checkpoint(2)}
    await ledger.close()
