"""What shall be done when something happens to a task: the user's policy, as frozen values. Nothing is done by default.

``do`` is one word, for some with an argument: ``notify``, ``signal:USR1``, ``message:{"text": "hurry"}``,
``checkpoint``, ``suspend``, ``stop``, ``restart``, ``run:notify-send "it stalled"`` (no shell takes part).
Not here: when it is due (`procession.policy.reactions`), and doing it (`procession.supervisor.reacting`).
"""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct

from procession.errors import InvalidCommand, InvalidSignal, InvalidTask
from procession.model.signals import signal_number
from procession.model.template import split_words

PLAIN_WORDS: Final = ("notify", "checkpoint", "suspend", "stop", "restart")
WORDS_WITH_ARGUMENT: Final = ("signal", "message", "run")

EVENTS: Final = (
    "submitted", "waiting", "starting", "started", "start_failed", "ready", "done", "notified", "message_received",
    "exited", "retrying", "ended", "adopted", "orphaned", "suspended", "resumed", "stopping", "output_leaked",
    "log_disk_full", "log_disk_recovered", "stalled", "waiting_for_input", "active_again", "looping", "no_progress",
    "watchdog_missed", "memory_high", "memory_critical", "memory_recovered", "output_sampled",
)  # fmt: skip
"""The events one may react to."""


class Reaction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When ``event`` happens, and what it says still holds ``after_s`` later, ``do`` it; at most ``times`` per task.

    Several for one event, each later than the one before, escalate. Raises: InvalidTask, naming the field.
    """

    event: str
    do: str
    after_s: float = 0.0
    times: int | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        if self.event not in EVENTS:
            raise InvalidTask("on.event", f"is no event to react to: {self.event!r}; there are {', '.join(EVENTS)}")
        if not 0 <= self.after_s < float("inf"):
            raise InvalidTask("on.after", f"must be a number from 0, got {self.after_s!r}")
        if self.times is not None and self.times < 1:
            raise InvalidTask("on.times", f"must be a whole number from 1, got {self.times!r}")
        _check_act(self.word, self.argument)

    @property
    def word(self) -> str:
        """What is to be done, like ``signal``."""
        return self.do.partition(":")[0]

    @property
    def argument(self) -> str | None:
        """What stands after the colon; None without one."""
        _, colon, argument = self.do.partition(":")
        return argument if colon else None

    @property
    def message(self) -> Any:
        """What ``message:`` sends."""
        return json.loads(self.argument or "null")

    @property
    def argv(self) -> list[str]:
        """What ``run:`` runs."""
        return split_words(self.argument or "")


def _check_act(word: str, argument: str | None) -> None:
    if word not in (*PLAIN_WORDS, *WORDS_WITH_ARGUMENT):
        known = ", ".join((*PLAIN_WORDS, *(f"{each}:…" for each in WORDS_WITH_ARGUMENT)))
        raise InvalidTask("on.do", f"cannot be {word!r}; there are {known}")
    if word in PLAIN_WORDS and argument is not None:
        raise InvalidTask("on.do", f"{word!r} takes nothing after it")
    if word in WORDS_WITH_ARGUMENT and not argument:
        raise InvalidTask("on.do", f"{word!r} needs something after the colon", hint="like signal:USR1")
    problem = _problem_of(word, argument or "")
    if problem:
        raise InvalidTask("on.do", problem)


def _problem_of(word: str, argument: str) -> str:
    try:
        if word == "signal":
            signal_number(argument)
        elif word == "message":
            json.loads(argument)
        elif word == "run" and not split_words(argument):
            return "runs nothing"
    except (InvalidSignal, InvalidCommand) as error:
        return error.message
    except ValueError as error:
        return f"cannot be read: {error}"
    return ""
