"""What a task says it will take, of memory, processors, devices and tokens. What it does take is learned elsewhere."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from procession.errors import InvalidTask
from procession.model.names import check_name


class Need(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is reserved for a task while it runs; None: nothing was said, and what is known of its like counts.

    memory_bytes: the most its tree will have resident. cpus: processors it keeps busy. gpus: devices of its own.
    tokens: of each named resource so many, like ``{"ansys": 1}``; how many there are is configured.
    """

    memory_bytes: int | None = None
    cpus: float | None = None
    gpus: int = 0
    tokens: dict[str, int] = {}

    def __post_init__(self) -> None:
        """Raise InvalidTask for a need that cannot be, naming it."""
        if self.memory_bytes is not None:
            _check("need.memory_bytes", self.memory_bytes, 1)
        if self.cpus is not None and (
            isinstance(self.cpus, bool) or not isinstance(self.cpus, (int, float)) or not 0 <= self.cpus < 1e6
        ):
            raise InvalidTask("need.cpus", f"must be a number from 0, got {self.cpus!r}")
        _check("need.gpus", self.gpus, 0)
        for name, count in self.tokens.items():
            check_name(name, "need.tokens")
            _check(f"need.tokens[{name!r}]", count, 1)


def _check(field: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidTask(field, f"must be a whole number from {least}, got {value!r}")


NOTHING_NEEDED: Final = Need()


def need(**said: Any) -> Need:
    """Give what is said, by field; the one need that all have who say nothing, if nothing is. Raises: InvalidTask."""
    given = {name: value for name, value in said.items() if value}
    return Need(**given) if given else NOTHING_NEEDED
