"""Progress in JSON lines: whoever prints one object a line says by its keys what it is."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import msgspec

from procession.monitor.progress.found import Found

_LONGEST_BYTES: Final = 4096
_FRACTIONS: Final = ("percent_done", "fraction", "fraction_done", "progress_fraction")
_PERCENTS: Final = ("percent", "percentage", "percent_complete", "percentComplete", "progress_percent", "pct")
_EITHER: Final = ("progress",)
_CURRENT: Final = ("current", "step", "done", "completed", "bytes_done", "iteration", "global_step")
_TOTAL: Final = ("total", "total_steps", "steps", "max_steps", "total_bytes", "num_steps")
_LABELS: Final = ("phase", "stage", "status", "task")


def find_in_json(text: bytes) -> Found | None:
    """Give what a line says; None if it is no object, or says nothing of progress."""
    if not text.startswith(b"{") or len(text) > _LONGEST_BYTES:
        return None
    try:
        given = msgspec.json.decode(text.strip())
    except msgspec.DecodeError:
        return None
    return find_in_object(given) if isinstance(given, dict) else None


def find_in_object(given: dict[str, Any]) -> Found | None:
    """Give what an object says of progress, by its keys; None if that is nothing."""
    inside = given.get("progress")
    if isinstance(inside, dict):
        return find_in_object(inside)
    current, total = _number(given, _CURRENT), _number(given, _TOTAL)
    percent = _percent(given)
    if percent is None and current is not None and total and current <= total:
        percent = current / total * 100
    if percent is None or not 0 <= percent <= 100:
        return None
    label = next((given[name] for name in _LABELS if isinstance(given.get(name), str)), "")
    return Found(label[:60], percent, current, total if current is not None else None)


def _percent(given: dict[str, Any]) -> float | None:
    fraction = _number(given, _FRACTIONS)
    if fraction is not None:
        return fraction * 100
    percent = _number(given, _PERCENTS)
    if percent is not None:
        return percent
    either = _number(given, _EITHER)
    return None if either is None else either * 100 if either <= 1 else either


def _number(given: dict[str, Any], names: tuple[str, ...]) -> float | None:
    for name in names:
        value = given.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            with contextlib.suppress(OverflowError):
                return float(value)
    return None
