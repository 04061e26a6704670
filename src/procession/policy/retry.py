"""Whether an attempt that ended shall be followed by another, and after how long.

Tried again: an end by itself that was no success (failed, killed by somebody else's signal, out of memory, timed out),
*unknown* (it counts as a failure; whoever cannot run a task twice gives it no retries), and a start that the machine
could not afford just then. Never tried again: what was stopped or cancelled on somebody's wish, and a start that will
fail the same way next time (no such program, not executable …).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from procession.model.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from procession.model.task import Task

RETRIED_KINDS: Final = frozenset(
    {
        OutcomeKind.FAILED,
        OutcomeKind.KILLED,
        OutcomeKind.OUT_OF_MEMORY,
        OutcomeKind.TIMED_OUT,
        OutcomeKind.UNKNOWN,
    }
)
WHOLE: Final = frozenset({OutcomeKind.SUCCEEDED, OutcomeKind.FAILED})
"""Ends by itself: what it used until then is all that it needed."""

PASSING_START_ERRORS: Final = frozenset(
    {"keeper_lost", "no_descriptors_left", "no_processes_left", "start_timed_out", "text_file_busy"}
)
"""Codes of start errors that another try later may not meet."""


def shall_retry(task: Task, retries_used: int, outcome: Outcome) -> bool:
    """Whether an attempt that ended with ``outcome`` by itself is followed by another."""
    return retries_used < task.retries and is_retried(outcome)


def is_restarted(task: Task, outcome: Outcome) -> bool:
    """Whether an attempt that was lost, with the machine or with all who knew of it, is followed by another."""
    return outcome.kind is OutcomeKind.LOST and task.restart != "no"


def is_retried(outcome: Outcome) -> bool:
    """Whether this kind of end is tried again at all."""
    if outcome.kind is OutcomeKind.FAILED_TO_START:
        return outcome.error_code in PASSING_START_ERRORS
    return outcome.kind in RETRIED_KINDS


def retry_delay_s(task: Task, number: int, chance: float) -> float:
    """Give the delay before retry ``number`` (from 1); ``chance`` is a random number from 0 to 1.

    The bound doubles (``retry_factor``) up to its limit. With full jitter (``retry_jitter`` 1) the delay is anything
    below the bound: tasks that failed together come back apart.
    """
    bound_s = _bound_s(task, number)
    return bound_s * (1.0 - task.retry_jitter * (1.0 - chance))


def _bound_s(task: Task, number: int) -> float:
    try:
        growth = task.retry_factor ** (number - 1)
    except OverflowError:
        return task.retry_delay_limit_s if task.retry_delay_s else 0.0
    return min(task.retry_delay_s * growth, task.retry_delay_limit_s)
