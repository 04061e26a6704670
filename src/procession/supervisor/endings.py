"""Outcomes that are given by the supervisor itself: nothing ran, or not to its end, or not to what was to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from procession.model.outcome import Outcome, OutcomeKind
from procession.monitor.file import is_newer

if TYPE_CHECKING:
    from procession.model.task import Task


def never_ran(by: str, last: Outcome | None = None) -> Outcome:
    """Judge a task that was stopped while it was queued; ``last`` is how its previous attempt ended."""
    message = f"stopped before it started ({by})"
    if last is not None:
        message = f"stopped before its next attempt ({by}); the last one: {last.message or last.kind.value}"
    return Outcome(kind=OutcomeKind.STOPPED, stopped_by=by, message=message)


def never_will(message: str) -> Outcome:
    """Judge a task whose condition can no longer be met."""
    return Outcome(kind=OutcomeKind.CANCELLED, message=message)


def interrupted(by: str | None, known: Outcome | None) -> Outcome:
    """Judge an attempt that was cut off (``by`` whose wish, if any); ``known`` is what its process says of its end."""
    if known is None:
        return Outcome(kind=OutcomeKind.STOPPED if by else OutcomeKind.CANCELLED, stopped_by=by or "cancel",
                       message="stopped while it started")  # fmt: skip
    return wished(by, known)


def wished(by: str | None, outcome: Outcome) -> Outcome:
    """Name whose wish it was: our own cutting off is not the reason, only the means."""
    if by is not None and outcome.kind is OutcomeKind.CANCELLED:
        return replace(outcome, kind=OutcomeKind.STOPPED, stopped_by=by)
    return outcome


def evicted(outcome: Outcome) -> Outcome:
    """Judge an attempt that was ended to make room: nobody is to blame, and it begins anew."""
    return replace(outcome, kind=OutcomeKind.EVICTED, message="evicted: it was ended because memory got short")


def gave_up(outcome: Outcome, reason: str) -> Outcome:
    """Judge a task that was to go on where it was, or not at all, and cannot: it failed, however the attempt ended."""
    ended = outcome.message or outcome.kind.value
    return replace(outcome, kind=OutcomeKind.FAILED, message=f"{ended}; it cannot go on: {reason}")


def completed(task: Task, since: float | None, outcome: Outcome) -> Outcome:
    """Judge an attempt of a task that names its completion file: without one of its own it has not succeeded."""
    if task.done_when is None or not outcome.ok or is_newer(task.done_when.path, since or 0.0):
        return outcome
    return replace(
        outcome,
        kind=OutcomeKind.FAILED,
        message=f"{outcome.message}; its completion file {task.done_when.path} is not there",
    )


def broken(error: BaseException) -> Outcome:
    """Judge an attempt that nobody can say the end of, because our own code failed."""
    return Outcome(kind=OutcomeKind.UNKNOWN, message=f"its end is unknown: {type(error).__name__}: {error}")
