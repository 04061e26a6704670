"""One row per table, as tuples in the order of its columns, and back to records.

Not here: when they are written (``writer``), which are read (``reader``).
"""

from __future__ import annotations

from typing import Any

import msgspec

from procession.model.checkpoint import Checkpoint
from procession.model.context import Context
from procession.model.record import AttemptRecord, TaskRecord
from procession.model.view import TaskView
from procession.store.codec import (
    ARGV,
    ATTEMPT,
    CARE,
    CHECKPOINT,
    VIEW,
    decode_task,
    decode_text,
    encode_task,
    encode_text,
)
from procession.store.hostile import check_attempt, check_checkpoint, check_view

Row = tuple[Any, ...]

_replace = msgspec.structs.replace


def task_row(record: TaskRecord, digest: bytes | None) -> Row:
    """Give what does not change by itself: number, id, command, argv, spec, context."""
    view = record.view
    return record.number, view.id, encode_text(view.command), ARGV.encode(view.argv), encode_task(record.task), digest


def standing_row(record: TaskRecord) -> Row:
    """Give what changes: number, state, group, attempt, pid, times, word, view, care."""
    view = record.view
    word = (view.waiting or _remark(view)) if view.outcome is None else view.outcome.kind.value
    if word is not None and not word.isascii():
        word = encode_text(word)  # type: ignore[assignment]  # a column takes bytes, too
    return (
        record.number,
        view.state.value,
        view.group,
        view.attempt,
        view.pid,
        view.started_at,
        view.ended_at,
        word,
        VIEW.encode(_replace(view, command="", argv=())),
        CARE.encode(record.care),
    )


def attempt_row(record: AttemptRecord) -> Row:
    """Give key, task, phase, body."""
    return record.key, record.task, record.phase.value, ATTEMPT.encode(record)


def checkpoint_row(checkpoint: Checkpoint) -> Row:
    """Give task, number, at, body."""
    return checkpoint.task, checkpoint.number, checkpoint.at, CHECKPOINT.encode(checkpoint)


def view_of_row(row: Row) -> TaskView:
    """Make a view of id, state, command, argv, view. Raises: ValueError: for what cannot be."""
    id, state, command, argv, body = row  # noqa: A001 - the field's own name
    view = VIEW.decode(body)
    check_view(view, id, state)
    return _replace(view, command=decode_text(command), argv=ARGV.decode(argv))


def record_of_row(row: Row, context: Context | None) -> TaskRecord:
    """Make a record of what a view is made of, and number, spec, care, digest. Raises: ValueError."""
    *shown, number, spec, care, _ = row
    view = view_of_row(tuple(shown))
    return TaskRecord(number=number, task=decode_task(spec), view=view, care=CARE.decode(care), context=context)


def attempt_of_row(row: Row) -> AttemptRecord:
    """Make an attempt of key, task, body. Raises: ValueError: for what cannot be."""
    key, task, body = row
    record = ATTEMPT.decode(body)
    check_attempt(record, key, task)
    return record


def checkpoint_of_row(row: Row) -> Checkpoint:
    """Make a checkpoint of task, number, body. Raises: ValueError: for what cannot be."""
    task, number, body = row
    checkpoint = CHECKPOINT.decode(body)
    check_checkpoint(checkpoint, task, number)
    return checkpoint


def _remark(view: TaskView) -> str | None:
    return "orphaned" if view.orphaned and not view.is_over else None
