"""How tasks are watched, and what follows: settings of one task, or of many. Frozen values.

Not here: what holds where several say something (``monitoring_rules``).
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from procession.errors import InvalidTask
from procession.model.reaction import Reaction

PATTERN_GROUPS: Final = frozenset({"percent", "fraction", "current", "total", "phase", "unit"})

Amount = int | float
"""Of memory: a whole number is bytes, a fraction from 0 to 1 a share of what this machine (or container) has."""


class Monitoring(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings; what is None is said elsewhere.

    stall_after_s: a task without any sign of life for so long is stalled; infinite: never. adaptive: a task whose own
    pauses are longer may take longer. no_progress_after_s: likewise for progress that does not move; infinite: never.
    memory_high, memory_critical: see `Amount`; of the whole tree. progress: a regular expression for its output, with
    groups called percent, fraction, current, total, phase or unit. on: what is done when something happens.
    """

    stall_after_s: float | None = None
    adaptive: bool | None = None
    no_progress_after_s: float | None = None
    memory_high: Amount | None = None
    memory_critical: Amount | None = None
    progress: str | None = None
    on: tuple[Reaction, ...] = ()

    def __post_init__(self) -> None:
        """Raise InvalidTask for a field that cannot be, naming it."""
        _check_duration("stall_after_s", self.stall_after_s)
        _check_duration("no_progress_after_s", self.no_progress_after_s)
        _check_amount("memory_high", self.memory_high)
        _check_amount("memory_critical", self.memory_critical)
        if self.progress is not None:
            _check_pattern(self.progress)

    def over(self, base: Monitoring) -> Monitoring:
        """Give these settings, and those of ``base`` where nothing is said here."""
        said = {name: value for name, value in _items(self) if value is not None and name != "on"}
        return msgspec.structs.replace(base, **said, on=(*self.on, *base.on))


def settings(**given: Any) -> Monitoring:
    """Make settings of what is given; what is None is not said. Nothing at all is `NO_SETTINGS`."""
    said = {name: value for name, value in given.items() if value not in (None, ())}
    return Monitoring(**said) if said else NO_SETTINGS


def _items(settings: Monitoring) -> list[tuple[str, Any]]:
    return [(name, getattr(settings, name)) for name in settings.__struct_fields__]


def _check_duration(field: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise InvalidTask(f"monitoring.{field}", f"must be a number above 0, got {value!r}")


def _check_amount(field: str, value: object) -> None:
    if value is None:
        return
    is_size = isinstance(value, int) and not isinstance(value, bool) and value > 0
    is_share = isinstance(value, float) and 0 < value <= 1
    if not (is_size or is_share):
        problem = f"must be bytes, or a share above 0 and up to 1.0, got {value!r}"
        raise InvalidTask(f"monitoring.{field}", problem)


def _check_pattern(pattern: str) -> None:
    try:
        groups = set(re.compile(pattern.encode()).groupindex)
    except (re.error, UnicodeEncodeError, RecursionError, OverflowError) as error:
        raise InvalidTask("monitoring.progress", f"is no regular expression: {error}") from None
    if not groups & {"percent", "fraction", "current", "phase"} or groups - PATTERN_GROUPS:
        hint = r"like '(?P<current>\d+) of (?P<total>\d+)'; there are " + ", ".join(sorted(PATTERN_GROUPS))
        raise InvalidTask("monitoring.progress", "has no group that says how far it is, or unknown ones", hint=hint)


NO_SETTINGS: Final = Monitoring()
"""Nothing is said."""
