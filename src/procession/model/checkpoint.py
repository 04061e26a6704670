"""A checkpoint: what a task has saved of its work, and how it goes on from there.

Such a value may come from a file that was edited, and its command may be run: one that cannot be is never made.
Not here: where it is kept (``procession.checkpoint``, ``procession.store``), and who asks a task for one.
"""

from __future__ import annotations

import math
import os
from typing import Final, Literal

import msgspec
from msgspec import Struct

from procession.model.names import check_name
from procession.model.progress import Progress

By = Literal["task", "user", "timer", "stop", "memory", "suspend", "evict", "reaction"]
"""Who wanted it: the task itself, a person, the clock, its settings; or it was about to be stopped, or to give way."""

Asked = Literal["saved", "refused", "no_answer"]

VERSION: Final = 1
KEPT: Final = 5
"""So many checkpoints of a task are kept, the newest, where nothing else is said."""

NUMBER_LIMIT: Final = 2**53
"""Beyond it not every reader of JSON can tell two whole numbers apart."""

# Escape sequences and the like make a terminal show another command than the one that would be run.
_HIDDEN: Final = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0)))) - {"\n", "\t"}


class Checkpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was saved. Raises: ValueError: a field cannot be; the message begins with its name.

    number: 1, 2, … per task, over all its attempts. session: which conversation or run of the program it belongs to.
    at: seconds since the epoch. by: who wanted it. saved: path or name of what was saved, as the task said it.
    resume_command: what goes on from it, in ``cwd``; None: nothing more than the task's own command is known. reason:
    why it can, or cannot, go on from here.
    """

    version: int = VERSION
    task: str
    number: int
    attempt: int
    session: str | None = None
    at: float
    by: By
    progress: Progress | None = None
    saved: str | None = None
    resume_command: tuple[str, ...] | None = None
    cwd: str | None = None
    can_resume: bool
    reason: str
    metadata: dict[str, str] = {}

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise ValueError(f"version is {self.version}; this is known: {VERSION}")
        check_name(self.task, "task")
        _check_count("number", self.number)
        _check_count("attempt", self.attempt)
        _check_finite("at", self.at)
        for name, text in (("session", self.session), ("saved", self.saved), ("cwd", self.cwd)):
            if text is not None:
                _check_shown(name, text)
        if self.cwd is not None and not os.path.isabs(self.cwd):
            raise ValueError(f"cwd must be absolute, got {self.cwd!r}")
        _check_command(self.resume_command)
        _check_progress(self.progress)
        _check_text("reason", self.reason)
        for key, value in self.metadata.items():
            _check_text("metadata", key)
            _check_text(f"metadata[{key!r}]", value)


class SaveReport(Struct, frozen=True, kw_only=True):
    """What came of asking a task to save its work. checkpoint: the one it made, if it did."""

    task: str
    answer: Asked
    reason: str
    checkpoint: Checkpoint | None = None


def read_metadata(text: str) -> dict[str, str]:
    """Read what a task says of its checkpoint: a JSON object. Raises: ValueError: it is none."""
    try:
        facts = msgspec.json.decode(text, type=dict[str, str | int | float | bool])
    except msgspec.DecodeError as error:
        raise ValueError(f"metadata is no JSON object of texts: {error}") from None
    return {name: value if isinstance(value, str) else str(value) for name, value in facts.items()}


def newest(checkpoints: list[Checkpoint], keep: int) -> list[Checkpoint]:
    """Give the ``keep`` newest, the newest first; of two with the same number the later in the list."""
    by_number = {each.number: each for each in checkpoints}
    return [by_number[number] for number in sorted(by_number, reverse=True)[:keep]]


def _check_count(field: str, value: int) -> None:
    if not 1 <= value <= NUMBER_LIMIT:
        raise ValueError(f"{field} must be a whole number from 1, got {value}")


def _check_finite(field: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{field} is no number that JSON has: {value}")


def _check_text(field: str, text: str) -> None:
    if "\0" in text:
        raise ValueError(f"{field} contains a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise ValueError(f"{field} contains {text[error.start]!r}, which has no bytes") from None


def _check_shown(field: str, text: str) -> None:
    """Refuse what would be shown as something else than it is. Line ends and tabs are part of many a script."""
    _check_text(field, text)
    if hidden := _HIDDEN.intersection(text):
        raise ValueError(f"{field} contains the control character {min(hidden)!r}")


def _check_command(argv: tuple[str, ...] | None) -> None:
    if argv is None:
        return
    if not argv or not argv[0]:
        raise ValueError("resume_command names no program")
    for position, argument in enumerate(argv):
        _check_shown(f"resume_command[{position}]", argument)


def _check_progress(progress: Progress | None) -> None:
    for name, value in msgspec.structs.asdict(progress).items() if progress is not None else ():
        if isinstance(value, float):
            _check_finite(f"progress.{name}", value)
        elif isinstance(value, str):
            _check_text(f"progress.{name}", value)
