"""When a crowd is given up because too many of it failed: ``now,fail=1``, ``soon,fail=10%``. Pure."""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

LEAST_FAILED: Final = 3
"""A share of those that ended says nothing before so many have failed."""

_FORM: Final = re.compile(r"(now|soon),fail=([0-9]{1,9})(%?)", re.ASCII)
_WHOLE: Final = 100


class Halt(Struct, frozen=True):
    """how: ``soon`` starts nobody else, ``now`` ends those that run, too. limit: so many, or so many in a hundred."""

    how: Literal["now", "soon"]
    limit: int
    is_share: bool = False

    def is_due(self, failed: int, ended: int) -> bool:
        """Whether it is time, with so many ``failed`` of those that ``ended``."""
        if not self.is_share:
            return failed >= self.limit
        return failed >= LEAST_FAILED and failed * _WHOLE >= self.limit * ended


def read_halt(given: str) -> Halt | None:
    """Read ``never``, ``now,fail=1``, ``soon,fail=20%``. Raises: ValueError, saying what was expected."""
    if given == "never":
        return None
    match = _FORM.fullmatch(given)
    limit = int(match[2]) if match else 0
    if match is None or limit == 0 or (match[3] and limit > _WHOLE):
        message = f"expected never, or now or soon with fail=N or fail=N%, like now,fail=1, got {given!r}"
        raise ValueError(message)
    return Halt("now" if match[1] == "now" else "soon", limit, bool(match[3]))
