"""How long an attempt has run, pauses left out, from what was told of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_BEGIN = frozenset({"started", "resumed"})
_END = frozenset({"suspended", "exited"})


def running_s(events: Iterable[Mapping[str, Any]], now: float) -> float:
    """Add up the spans between its start, its pauses and ``now``; a clock that was set back makes none negative."""
    total_s, since = 0.0, None
    for event in events:
        name, at = event["event"], float(event["at"])
        if name in _BEGIN and since is None:
            since = at
        elif name in _END and since is not None:
            total_s += max(at - since, 0.0)
            since = None
    return total_s if since is None else total_s + max(now - since, 0.0)
