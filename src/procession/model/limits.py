"""Limits a command runs under: resource limits, niceness, umask. The kernel applies them; nothing here does."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from procession.errors import InvalidCommand
from procession.model.checks import check_whole

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
            if not isinstance(limits, Mapping):
                raise InvalidCommand(f"limits.{which}", f"must be a mapping of names to numbers, got {limits!r}")
            for name, value in limits.items():
                _check_limit(f"limits.{which}[{name!r}]", name, value)
        for name in self.soft.keys() & self.hard.keys():
            if not _within(self.soft[name], self.hard[name]):
                raise InvalidCommand(f"limits.soft[{name!r}]", f"must not be above the hard limit {self.hard[name]}")
        check_whole("limits.nice", self.nice, -40, 40)
        if self.umask is not None:
            check_whole("limits.umask", self.umask, 0, 0o777)


def _check_limit(field: str, name: object, value: object) -> None:
    if name not in RESOURCE_NAMES:
        raise InvalidCommand(field, f"is no resource limit; there are {', '.join(sorted(RESOURCE_NAMES))}")
    check_whole(field, value, -1)


def _within(soft: int, hard: int) -> bool:
    return hard == -1 or (soft != -1 and soft <= hard)


NO_LIMITS: Final = Limits()
