"""Why a task waits, or why it runs: what ``procession why`` shows."""

from __future__ import annotations

from msgspec import Struct

from procession.model.need import NOTHING_NEEDED, Need
from procession.model.state import State


class Why(Struct, frozen=True, kw_only=True):
    """The last answer of the admission policy about one task, in words.

    position: how many of those that could start come before it, from 1; None when it does not wait for its turn.
    key: under what it and its like are learned; expected: what they are expected to take. slots: which numbers of the
    named things it has.
    """

    task: str
    state: State
    reason: str
    position: int | None = None
    key: str = ""
    expected: str = ""
    need: Need = NOTHING_NEEDED
    slots: dict[str, tuple[int, ...]] = {}
