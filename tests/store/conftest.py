"""What the tests of this room share: small records, and a store that is closed again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from procession.model.command import Command
from procession.model.context import Context
from procession.model.event import Submitted
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.record import AttemptRecord, Identity, Phase, TaskRecord
from procession.model.state import State
from procession.model.task import Task
from procession.model.view import view_of
from procession.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is, or will be."""
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store(path) as store:
        yield store


@pytest.fixture
def make_record() -> Callable[..., TaskRecord]:
    """Make a record: number, then what differs from a queued task called t<number>."""
    return record_of


@pytest.fixture
def make_attempt() -> Callable[..., AttemptRecord]:
    """Make an attempt that has started: key, task, then what differs."""
    return attempt_of


@pytest.fixture
def make_event() -> Callable[..., Submitted]:
    """Make an event about a task."""
    return lambda task=None, command="true": Submitted(at=1.0, task=task, attempt=1, command=command)


def record_of(number: int, state: State = State.QUEUED, *, ended_at: float | None = None, **fields) -> TaskRecord:
    """Make a record of a task called t<number>, or by ``name``."""
    context: Context | None = fields.pop("context", None)
    task = Task(command=fields.pop("command", Command(argv=("true",))), **fields)
    view = view_of(task, task.name or f"t{number}", "/", float(number))
    changes = {"state": state}
    if state is State.ENDED:
        outcome = Outcome(kind=OutcomeKind.FAILED, code=3, message="it ended with code 3")
        changes |= {"outcome": outcome, "ended_at": ended_at or float(number), "pid": 4000}
    return TaskRecord(number=number, task=task, view=replace(view, **changes), context=context)


def attempt_of(key: int, task: str, phase: Phase = Phase.STARTED, **fields) -> AttemptRecord:
    """Make an attempt of ``task``."""
    leader = fields.pop("leader", Identity(boot_id="a boot", pid=4000 + key, start_ticks=17, inode=9))
    return AttemptRecord(key=key, task=task, attempt=1, phase=phase, leader=leader, started_at=5.0, **fields)


def replace(value, **changes):
    """Give a copy with ``changes``."""
    from msgspec.structs import replace

    return replace(value, **changes)
