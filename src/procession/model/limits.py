"""Limits a command runs under: resource limits, niceness, umask. The kernel applies them; nothing here does."""

from __future__ import annotations

import resource

import msgspec
from msgspec import Struct

from procession.errors import InvalidCommand

RESOURCE_NAMES = frozenset(name.removeprefix("RLIMIT_").lower() for name in dir(resource) if name.startswith("RLIMIT_"))


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Resource limits by lower-case name (``nofile``, ``as``, ``core`` …, see getrlimit(2)); -1 is unlimited.

    A name given in ``soft`` alone keeps the inherited hard limit. ``nice`` is added to ours; ``umask`` replaces it.
    """

    soft: dict[str, int] = msgspec.field(default_factory=dict)
    hard: dict[str, int] = msgspec.field(default_factory=dict)
    nice: int = 0
    umask: int | None = None

    def __post_init__(self) -> None:
        """Raise InvalidCommand for a limit that does not exist or cannot be."""
        for which, limits in (("soft", self.soft), ("hard", self.hard)):
            for name, value in limits.items():
                _check_limit(f"limits.{which}[{name!r}]", name, value)
        if self.umask is not None and not 0 <= self.umask <= 0o777:
            raise InvalidCommand("limits.umask", f"must be from 0 to 0o777, got {self.umask!r}")


def _check_limit(field: str, name: str, value: int) -> None:
    if name not in RESOURCE_NAMES:
        raise InvalidCommand(field, f"is no resource limit; there are {', '.join(sorted(RESOURCE_NAMES))}")
    if isinstance(value, bool) or not isinstance(value, int) or value < -1:
        raise InvalidCommand(field, f"must be a whole number from 0, or -1 for unlimited, got {value!r}")
