"""How a task does, beside its state: whether it lives, with what shows it, and whether its memory is in order."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

MemoryLevel = Literal["ok", "high", "critical"]


class Liveness(StrEnum):
    """What a running task seems to do.

    working: it says something, or moves. quiet: it is busy, but silent; or silent for less than its threshold.
    waiting_for_input: it reads a terminal or a pipe on which nothing comes. stalled: nothing at all for too long.
    """

    WORKING = "working"
    QUIET = "quiet"
    WAITING_FOR_INPUT = "waiting_for_input"
    STALLED = "stalled"


class Health(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a task does. ``since``: of this liveness, in seconds since the epoch. ``evidence`` can be read by a person.

    is_looping: a hint, that it prints the same again and again. memory: of its whole tree, by its limits.
    """

    liveness: Liveness
    since: float
    evidence: str = ""
    is_looping: bool = False
    memory: MemoryLevel = "ok"
