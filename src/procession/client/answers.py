"""What the daemon answers, as frozen values. Fields that a newer daemon adds are let through unseen."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import msgspec
from msgspec import Struct

from procession.client.problems import error_of
from procession.client.sse import ServerEvent
from procession.errors import ProcessionError
from procession.model.checkpoint import Asked, Checkpoint, SaveReport
from procession.model.finding import Finding
from procession.model.record import AttemptRecord
from procession.model.view import TaskView

Ids = list[str]
Tasks = list[TaskView]


class LogPlace(Struct, frozen=True, kw_only=True):
    """Where a log is, and how long."""

    path: str
    size_bytes: int = 0


class Details(Struct, frozen=True, kw_only=True):
    """Everything about one task: its view, its attempts, its logs by stream name."""

    task: TaskView
    attempts: tuple[AttemptRecord, ...] = ()
    logs: dict[str, LogPlace] = {}


class Acted(Struct, frozen=True):
    """What a verb did to a selection: the tasks as they are now, and an error for each it could not do it to."""

    tasks: tuple[TaskView, ...]
    problems: tuple[ProcessionError, ...] = ()

    def check(self) -> Acted:
        """Give itself back if there was no problem. Raises: the first."""
        if self.problems:
            raise self.problems[0]
        return self


class Saved(Struct, frozen=True):
    """What came of asking tasks to save their work: a report each, or an error where none could be asked."""

    reports: tuple[SaveReport, ...]
    problems: tuple[ProcessionError, ...] = ()

    def check(self) -> Saved:
        """Give itself back if there was no problem. Raises: the first."""
        if self.problems:
            raise self.problems[0]
        return self


Checkpoints = list[Checkpoint]


class Waited(Struct, frozen=True, kw_only=True):
    """The tasks as they are after the wait; ``timed_out`` when some are not over."""

    tasks: tuple[TaskView, ...]
    timed_out: bool = False


Findings = list[Finding]


class Told(Struct, frozen=True):
    """An event of the daemon: its number (from which to go on), its word, and its values."""

    seq: int
    name: str
    values: dict[str, Any]


class Piece(Struct, frozen=True):
    """A stretch of what a task printed, from ``offset`` in its log; before it ``gap_bytes`` that the log has lost."""

    task: str
    stream: str
    offset: int
    data: bytes
    at: float | None = None
    gap_bytes: int = 0


class _Output(Struct):
    task: str
    stream: str
    offset: int
    at: float | None = None
    text: str = ""
    base64: str | None = None
    gap_bytes: int = 0


def read_told(event: ServerEvent) -> Told:
    """Read one event of the daemon."""
    values = msgspec.json.decode(event.data, type=dict[str, Any])
    return Told(int(values.get("seq") or event.id or 0), event.name, values)


def read_piece(event: ServerEvent) -> Piece:
    """Read a stretch of output; the exact bytes where the text is not."""
    given = msgspec.json.decode(event.data, type=_Output)
    data = given.text.encode() if given.base64 is None else b64decode(given.base64)
    return Piece(given.task, given.stream, given.offset, data, given.at, given.gap_bytes)


def read_end(event: ServerEvent) -> TaskView | None:
    """Read the last event of a log: the task as it ended, or None where it goes on."""
    return msgspec.json.decode(event.data, type=TaskView | None)


def read_acted(body: bytes) -> Acted:
    """Read what a verb did."""
    given = msgspec.json.decode(body, type=_ActedBody)
    return Acted(given.tasks, tuple(map(error_of, given.problems)))


def read_saved(body: bytes) -> Saved:
    """Read what came of asking tasks to save their work."""
    given = msgspec.json.decode(body, type=_SavedBody)
    return Saved(tuple(map(_report, given.reports)), tuple(map(error_of, given.problems)))


def read_checkpoints(body: bytes) -> Checkpoints:
    """Read what a task has saved."""
    return [_known(each) for each in msgspec.json.decode(body, type=_CheckpointsBody).checkpoints]


def _report(given: _Report) -> SaveReport:
    checkpoint = None if given.checkpoint is None else _known(given.checkpoint)
    return SaveReport(task=given.task, answer=given.answer, reason=given.reason, checkpoint=checkpoint)


def _known(given: dict[str, Any]) -> Checkpoint:
    """Leave out what a newer daemon adds: the value itself would refuse it."""
    return msgspec.convert({name: given[name] for name in Checkpoint.__struct_fields__ if name in given}, Checkpoint)


class _Report(Struct):
    task: str
    answer: Asked
    reason: str
    checkpoint: dict[str, Any] | None = None


class _SavedBody(Struct):
    reports: tuple[_Report, ...] = ()
    problems: tuple[dict[str, Any], ...] = ()


class _CheckpointsBody(Struct):
    checkpoints: list[dict[str, Any]]


class _ActedBody(Struct):
    tasks: tuple[TaskView, ...] = ()
    problems: tuple[dict[str, Any], ...] = ()
