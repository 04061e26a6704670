"""With which command a further attempt of a task begins: where the last one was, anew, or not at all. Pure.

Gone on is from the newest checkpoint that can be resumed. What a task is to do without one is its own word
(``without_checkpoint``), and what follows says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from procession.errors import InvalidTask
from procession.model.checkpoint import Checkpoint
from procession.model.progress import Progress
from procession.model.resume_template import Unfillable, fill
from procession.model.task import Task

NO_COMMAND: Final = "the task has no resume_command"


class GoOn(Struct, frozen=True):
    """Run ``argv``, which goes on from ``checkpoint``."""

    argv: tuple[str, ...]
    checkpoint: Checkpoint


class Anew(Struct, frozen=True):
    """Run the task's own command; ``reason`` says why it does not go on."""

    reason: str


class Ask(Struct, frozen=True):
    """Wait for somebody who decides: there is nothing to go on from, and ``reason`` says why."""

    reason: str


class GiveUp(Struct, frozen=True):
    """End: there is nothing to go on from, and ``reason`` says why."""

    reason: str


Next = GoOn | Anew | Ask | GiveUp


def shall_go_on(task: Task, checkpoints: Sequence[Checkpoint]) -> bool:
    """Whether a further attempt shall go on where the last one was: the task says so, or its client could."""
    return task.resume_command is not None or any(each.can_resume for each in checkpoints)


def next_attempt(task: Task, checkpoints: Sequence[Checkpoint], attempt: int) -> Next:
    """Say how attempt number ``attempt`` begins; ``checkpoints``: newest first."""
    reason = "nothing was saved yet"
    for checkpoint in checkpoints:
        if not checkpoint.can_resume:
            reason = checkpoint.reason
            continue
        try:
            return GoOn(resume_argv(task, checkpoint, attempt), checkpoint)
        except (Unfillable, InvalidTask) as error:
            reason = str(error)
    match task.without_checkpoint:
        case "ask":
            return Ask(reason)
        case "fail":
            return GiveUp(reason)
    return Anew(reason)


def resume_argv(task: Task, checkpoint: Checkpoint, attempt: int) -> tuple[str, ...]:
    """Fill the task's resume command; one that stands in the checkpoint is believed where the task has none.

    Raises: Unfillable.
    """
    if task.resume_command is None:
        if checkpoint.resume_command is None:
            raise Unfillable(NO_COMMAND)
        return checkpoint.resume_command
    values = {
        "session": checkpoint.session,
        "checkpoint": checkpoint.saved,
        "attempt": str(attempt),
        "progress": percent(checkpoint.progress),
    }
    return fill(task.resume_command, values)


def resumable(
    task: Task, checkpoint: Checkpoint, own: tuple[str, ...] | None = None
) -> tuple[bool, str, tuple[str, ...] | None]:
    """Say whether a further attempt could go on from ``checkpoint``, why or why not, and with which command.

    own: what goes on with the session of the client that it is, where the task has no resume command.
    """
    if task.resume_command is None and own is not None:
        return True, "its client keeps the session", own
    try:
        argv = resume_argv(task, checkpoint, checkpoint.attempt + 1)
    except Unfillable as error:
        return False, str(error), None
    return True, "its resume command can be run", argv


def percent(progress: Progress | None) -> str | None:
    """Give a progress as a number from 0 to 100, without a sign."""
    if progress is None or progress.fraction is None:
        return None
    return f"{100 * progress.fraction:g}"
