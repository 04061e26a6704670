"""What our exit status means, in one place: scripts compare these numbers.

`run` passes on the status of the command itself; 124 to 127 and 128+n mean what they mean for timeout(1) and a shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from procession.model.outcome import Outcome

OK: Final = 0
TASK_FAILED: Final = 1
"""`up`: at least one task did not succeed."""
TROUBLE: Final = 1
"""Something outside failed: a disk, a directory."""
USAGE: Final = 2
"""The request is wrong in itself: an option, a task file. Nothing was started."""
NO_SUCH_TASK: Final = 3
"""A word or a group names no task."""
NO_DAEMON: Final = 4
"""No daemon of ours answers."""
TIMED_OUT_WAITING: Final = 5
"""`wait`: not all are over yet; `send --request`: no answer yet."""
REFUSED_FOR_NOW: Final = 75
"""It may be taken later: no room now, or the store cannot be written (EX_TEMPFAIL of sysexits(3))."""
TIMED_OUT: Final = 124
CANNOT_RUN: Final = 125
"""`run`: it could not be started for another reason than 126 and 127, or nobody knows how it ended."""
NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
SIGNAL_BASE: Final = 128
CLOSED_PIPE: Final = SIGNAL_BASE + 13
"""Nobody reads our output any more."""

_OF_ERROR: Final = {
    "program_not_found": NOT_FOUND,
    "not_executable": NOT_EXECUTABLE,
    "interpreter_missing": NOT_EXECUTABLE,
    "bad_format": NOT_EXECUTABLE,
    "text_file_busy": NOT_EXECUTABLE,
    "too_long": NOT_EXECUTABLE,
    "unknown_task": NO_SUCH_TASK,
    "daemon_unavailable": NO_DAEMON,
    "connection_lost": NO_DAEMON,
    "foreign_peer": NO_DAEMON,
    "store_unavailable": REFUSED_FOR_NOW,
    "no_room": REFUSED_FOR_NOW,
    "request_timed_out": TIMED_OUT_WAITING,
}
_LATER: Final = (429, 503)


def exit_code_of_error(error: BaseException) -> int:
    """Say with which status an error of ours ends the command line."""
    from procession.errors import StartError, UsageError

    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, StartError):
        return _OF_ERROR.get(error.code, CANNOT_RUN)
    code = _OF_ERROR.get(getattr(error, "code", ""), TROUBLE)
    return REFUSED_FOR_NOW if code == TROUBLE and getattr(error, "status", None) in _LATER else code


def exit_code_of_outcome(outcome: Outcome) -> int:
    """Say with which status `run` passes on how its command ended. Unknown is never 0."""
    from procession.model.outcome import OutcomeKind

    if outcome.ok:
        return OK
    if outcome.kind is OutcomeKind.TIMED_OUT:
        return TIMED_OUT
    if outcome.kind is OutcomeKind.FAILED_TO_START:
        return _OF_ERROR.get(outcome.error_code or "", CANNOT_RUN)
    if outcome.kind is OutcomeKind.UNKNOWN:
        return CANNOT_RUN
    if outcome.signal is not None:
        return SIGNAL_BASE + outcome.signal
    return CANNOT_RUN if outcome.code is None else outcome.code or TASK_FAILED
