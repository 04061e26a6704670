"""The states of a task and the only ways between them.

A retry or a resume is a new attempt of the same task: it goes back to ``queued``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from procession.errors import InvalidTransition


class State(StrEnum):
    """Where a task is in its life."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SUSPENDED = "suspended"
    STOPPING = "stopping"
    ENDED = "ended"


_Q, _S, _R, _P, _T, _E = State.QUEUED, State.STARTING, State.RUNNING, State.SUSPENDED, State.STOPPING, State.ENDED

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    _Q: frozenset({_S, _E}),
    _S: frozenset({_R, _Q, _T, _E}),
    _R: frozenset({_P, _Q, _T, _E}),
    _P: frozenset({_R, _Q, _T, _E}),
    _T: frozenset({_Q, _E}),  # queued: an attempt that was ended for its time-out is tried again
    _E: frozenset({_Q}),
}

LIVE: Final = frozenset({_S, _R, _P, _T})
"""States in which a process may exist."""


def check_transition(before: State, after: State) -> State:
    """Return ``after`` if the table allows it. Raises: InvalidTransition."""
    if after not in TRANSITIONS[before]:
        raise InvalidTransition(before.value, after.value)
    return after
