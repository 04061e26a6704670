"""What the model of the tests does next: it follows from the request alone, so that a resumed conversation goes on.

The last thing that the user said scripts it:

    STEPS=n        so many calls of the shell before the final answer; 1 where nothing is said, as after "continue"
    SLEEP=s        each of them is ``echo step k of n; sleep s.00k``: s is whole, so that k is known by it
    FAIL=status    the request is refused with this status
    TIMES=n        only the first n requests of this conversation are refused
    LATE           the refusal is an event of a stream that began well, where the dialect has one (codex's)

The final answer says how many turns of the user the request carried, and quotes the first: whoever was resumed with
another's conversation, or none, cannot say the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, NamedTuple

_NOT_SAID = ("<", "# AGENTS", "This is the Gemini", "My setup")
"""How the texts begin that clients send as the user's, though no user said them."""

_SHELLS: dict[str, Callable[[str], dict[str, Any]]] = {
    "exec_command": lambda command: {"cmd": command},
    "shell_command": lambda command: {"command": command},
    "shell": lambda command: {"command": ["sh", "-c", command]},
    "run_shell_command": lambda command: {"command": command, "description": "run a step"},
    "bash": lambda command: {"command": command, "description": "run a step"},
}
"""The tools of the clients that run a command, and the arguments each takes."""


class Conversation(NamedTuple):
    """What a request carries: what the user ``said``, the calls ``done`` since, and the ``tools`` there are."""

    said: Sequence[str]
    done: int
    tools: Sequence[str]


class Move(NamedTuple):
    """What comes of it: a refusal (``status``), or a ``text`` and perhaps a call."""

    text: str
    turns: int
    status: int = 200
    is_told_late: bool = False
    tool: str | None = None
    arguments: dict[str, Any] | None = None


class Script:
    """Remembers one thing only: how often it has refused whom."""

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()
        self._lock = Lock()

    def move(self, conversation: Conversation) -> Move:
        """Say what comes next."""
        said = [text for text in conversation.said if not text.lstrip().startswith(_NOT_SAID)] or [""]
        now = said[-1]
        status = int(_figure(now, "FAIL", 0))
        if status and self._refuses(said[0], int(_figure(now, "TIMES", 1_000_000))):
            text = "Rate limit reached. Please try again in 1s." if status == 429 else "It was to fail."
            return Move(text, len(said), status=status, is_told_late="LATE" in now)
        steps, step = int(_figure(now, "STEPS", 1)), conversation.done + 1
        shell = next((each for each in conversation.tools if each in _SHELLS), None)
        if step > steps or shell is None:
            quoted = f"I see {len(said)} user turn(s); the first was: {said[0].strip()[:60]}"
            return Move(f"All {steps} steps done. {quoted}", len(said))
        command = f"echo step {step} of {steps}; sleep {_figure(now, 'SLEEP', 0) + step / 1000:.3f}"
        return Move(
            f"Working on step {step} of {steps}.",
            len(said),
            tool=shell,
            arguments=_SHELLS[shell](command),
        )

    def _refuses(self, conversation: str, times: int) -> bool:
        with self._lock:
            self._refused[conversation] += 1
            return self._refused[conversation] <= times


def _figure(text: str, word: str, otherwise: float) -> float:
    found = re.search(rf"\b{word}=([0-9.]+)", text)
    return float(found[1]) if found else otherwise
