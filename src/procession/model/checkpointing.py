"""How a task is asked to save where it stands, as a frozen value. Nobody is asked who does not say that it can.

Not here: what it saved (`procession.model.checkpoint`), and the asking (`procession.supervisor.preserving`).
"""

from __future__ import annotations

import math
from typing import Final, Literal, get_args

from msgspec import Struct

from procession.errors import InvalidSignal, InvalidTask
from procession.model.checkpoint import KEPT
from procession.model.signals import signal_number

WithoutCheckpoint = Literal["retry", "ask", "fail"]
WITHOUT_CHECKPOINT: Final[tuple[str, ...]] = get_args(WithoutCheckpoint)

EVERY_S: Final = 600.0
DEADLINE_S: Final = 60.0
DEFAULT_SIGNAL: Final = "USR1"
KEPT_LIMIT: Final = 1000
_DEADLY: Final = frozenset({"KILL", "STOP", "CONT", "TERM", "TSTP", "TTIN", "TTOU"})


class Checkpointing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """By which one of three ways a task is asked to save its work, and when.

    signal: sent to its leader, if that has a handler for it (a program without one would die of it). message: through
    its channel. command: run in its directory, with ``{task}``, ``{pid}`` and ``{attempt}`` filled in; exit 0: saved.
    every_s: so often while it runs; infinite: only when somebody asks. before_stop: asked before it is ended politely.
    deadline_s: so long its answer is waited for (`procession.child.checkpoint_saved`, notice ``X_CHECKPOINT``).
    keep: how many of its checkpoints are kept, the newest.
    """

    signal: str | None = None
    message: bool = False
    command: tuple[str, ...] | None = None
    every_s: float = EVERY_S
    before_stop: bool = True
    deadline_s: float = DEADLINE_S
    keep: int = KEPT

    def __post_init__(self) -> None:
        """Raise InvalidTask for what cannot be, naming it."""
        if (self.signal is not None) + bool(self.message) + (self.command is not None) != 1:
            raise InvalidTask("checkpoint", "needs exactly one way: signal, message or command")
        if self.signal is not None:
            _check_signal(self.signal)
        if self.command is not None and not (self.command and all(isinstance(each, str) for each in self.command)):
            raise InvalidTask("checkpoint.command", f"must be a list of arguments, got {self.command!r}")
        _check_seconds("checkpoint.every", self.every_s)
        _check_seconds("checkpoint.deadline", self.deadline_s)
        if isinstance(self.keep, bool) or not isinstance(self.keep, int) or not 1 <= self.keep <= KEPT_LIMIT:
            raise InvalidTask("checkpoint.keep", f"must be a whole number from 1 to {KEPT_LIMIT}, got {self.keep!r}")


def _check_signal(name: str) -> None:
    try:
        signal_number(name)
    except InvalidSignal as error:
        raise InvalidTask("checkpoint.signal", str(error)) from None
    if name.upper().removeprefix("SIG") in _DEADLY:
        raise InvalidTask("checkpoint.signal", f"cannot be {name}: it means something else", hint="USR1 is usual")


def _check_seconds(field: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0 or math.isnan(value):
        raise InvalidTask(field, f"must be a time above 0, got {value!r}")
