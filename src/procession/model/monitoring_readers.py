r"""The settings of monitoring as they stand in TOML: of a task, of a group, of all.

stall_after = "10m"                                # or "never"
adaptive = true
no_progress_after = "30m"                          # or "never"
memory_high = "2GiB"                               # or "25%" of what there is
memory_critical = "4GiB"
progress = '(?P<current>\d+) of (?P<total>\d+)'  # or a table with `pattern`
on = [{ event = "stalled", after = "5m", do = "restart", times = 3 }]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeVar

from procession.errors import InvalidTask
from procession.model.field_readers import (
    Misfit,
    Reader,
    got,
    inside,
    read_duration,
    read_flag,
    read_limit,
    read_size,
    read_text,
    share_of,
)
from procession.model.monitoring import Monitoring
from procession.model.reaction import Reaction

Made = TypeVar("Made")


def read_patience(value: object) -> float:
    """Take a duration above 0, or ``never``."""
    if value == "never":
        return math.inf
    seconds = read_duration(value)
    if not seconds:
        raise Misfit("expected a duration above 0, or never")
    return seconds


def read_amount(value: object) -> int | float:
    """Take bytes, a text like ``2GiB``, or a share like ``25%``."""
    if not (isinstance(value, str) and value.strip().endswith("%")):
        return read_size(value)
    share = share_of(value)
    if share is None:
        raise Misfit(f"expected a share like 25%, {got(value)}")
    return share


def read_progress(value: object) -> str:
    """Take a regular expression, or a table with one as its ``pattern``."""
    if isinstance(value, dict) and value.keys() == {"pattern"}:
        value = value["pattern"]
    pattern = read_text(value)
    return _checked(lambda: Monitoring(progress=pattern).progress or "")


def read_reactions(value: object) -> tuple[Reaction, ...]:
    """Take a list of tables with ``event``, ``do``, ``after`` and ``times``."""
    if not isinstance(value, list):
        raise Misfit(f"expected a list of tables, {got(value)}", hint='write [[on]], event = "stalled", do = "stop"')
    return tuple(inside((index,), _reaction, each) for index, each in enumerate(value))


KEYS: Final[dict[str, tuple[str, Reader]]] = {
    "stall_after": ("stall_after_s", read_patience),
    "adaptive": ("adaptive", read_flag),
    "no_progress_after": ("no_progress_after_s", read_patience),
    "memory_high": ("memory_high", read_amount),
    "memory_critical": ("memory_critical", read_amount),
    "progress": ("progress", read_progress),
    "on": ("on", read_reactions),
}
"""By its key: the field of the settings, and what reads it."""

_REACTION_KEYS: Final[dict[str, tuple[str, Reader]]] = {
    "event": ("event", read_text),
    "do": ("do", read_text),
    "after": ("after_s", read_duration),
    "times": ("times", read_limit),
}


def _reaction(value: object) -> Reaction:
    if not isinstance(value, dict):
        raise Misfit(f'expected a table like {{ event = "stalled", do = "stop" }}, {got(value)}')
    for key in value.keys() - _REACTION_KEYS.keys():
        raise Misfit(f"unknown key; expected one of {', '.join(_REACTION_KEYS)}", inside=(key,))
    for key in ("event", "do"):
        if key not in value:
            raise Misfit(f"expected a table with {key}", hint='like event = "stalled", do = "stop"')
    known = {key: _REACTION_KEYS[key] for key in value}
    fields = {field: inside((key,), read, value[key]) for key, (field, read) in known.items()}
    return _checked(lambda: Reaction(**fields))


def _checked(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except InvalidTask as error:
        raise Misfit(f"expected another value: {error.message.partition(': ')[2]}", hint=error.hint) from None
