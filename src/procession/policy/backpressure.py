"""When a task that its service has refused for now may try again, and with it all others of that service. Pure.

A refusal is no failure: no retry is spent on it. Where the service says from when on, it is then, and a little later by
chance, so that not all come back at once; where it does not, after a minute, then two, then four, up to an hour.
"""

from __future__ import annotations

from typing import Final

FIRST_S: Final = 60.0
LONGEST_S: Final = 3600.0
SPREAD: Final = 0.1
"""By so much of the wait may it be longer."""

LEAST_SPREAD_S: Final = 2.0


def resume_at(told: float | None, now: float, refusals: int, chance: float) -> float:
    """Give the time from which on it may be tried, in the clock of ``now``.

    told: what the service says. refusals: how many there have been in a row, this one included. chance: from 0 to 1.
    """
    until = told if told is not None else now + min(FIRST_S * 2.0 ** min(refusals - 1, 16), LONGEST_S)
    wait_s = max(until - now, 0.0)
    return now + wait_s + chance * max(SPREAD * wait_s, LEAST_SPREAD_S)
