"""How the daemon does, and what it says when it ends."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

API_VERSION: Final = 1


class Status(Struct, frozen=True, kw_only=True):
    """Of one daemon. ``counts`` are tasks by state; ``last_event`` is the sequence number of the newest event."""

    state: Literal["running", "draining", "store_failing"]
    pid: int
    keeper_pid: int | None
    version: str
    started_at: float
    counts: dict[str, int]
    home: str
    last_event: int = 0
    api_version: int = API_VERSION


class Parting(Struct, frozen=True):
    """How many unfinished tasks the daemon left running or waiting (``kept``), and how many it ended."""

    kept: int
    ended: int
