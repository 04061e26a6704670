"""How many tasks may run at once, as figures. Who may start when is decided in ``procession.policy.admission``."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from procession.errors import UsageError

HARD_LIMIT: Final = 50
SOFT_LIMIT: Final = 10


class Pool(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``hard_limit`` is never exceeded; passing ``soft_limit`` is one warning event and refuses nothing."""

    hard_limit: int = HARD_LIMIT
    soft_limit: int = SOFT_LIMIT

    def __post_init__(self) -> None:
        """Raise UsageError for a limit below 1."""
        check_limit("hard_limit", self.hard_limit)
        check_limit("soft_limit", self.soft_limit)


def check_limit(field: str, value: object) -> int:
    """Return ``value`` if so many tasks may run at once. Raises: UsageError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = f"{field} must be a whole number from 1, got {value!r}"
        raise UsageError(message, field=field)
    return value
