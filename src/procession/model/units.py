"""Sizes and durations as people write them: ``512MB``, ``2GiB``, ``30m``, ``1h30m``."""

from __future__ import annotations

import math
import re

from procession.model.amounts import format_duration as format_duration  # noqa: PLC0414 - read and write in one place
from procession.model.amounts import format_size as format_size  # noqa: PLC0414 - likewise

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d|w)", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?", re.ASCII | re.IGNORECASE)


def parse_duration(given: str | float) -> float:
    """Read ``90``, ``"90"``, ``"1.5s"``, ``"30m"``, ``"1h30m"`` as seconds.

    Raises: ValueError: when it is not a finite duration of 0 or more.
    """
    seconds = _duration_of_text(given) if isinstance(given, str) else float(given)
    if isinstance(given, bool) or not math.isfinite(seconds) or seconds < 0:
        raise ValueError(_expected_duration(given))
    return seconds


def parse_size(given: str | int) -> int:
    """Read ``1000``, ``"512MB"`` (10**6) or ``"512MiB"`` (2**20) as bytes.

    Raises: ValueError: when it is not a size of 0 or more.
    """
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    match = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        message = f"expected a size like 512MB or 2GiB, got {given!r}"
        raise ValueError(message)
    number, prefix, binary = match.groups()
    power = " kmgtp".index(prefix.lower() or " ")
    return int(float(number) * (1024 if binary else 1000) ** power)


def _duration_of_text(text: str) -> float:
    text = text.strip().lower()
    try:
        return float(text)
    except ValueError:
        pass
    compact = text.replace(" ", "")
    parts = _DURATION_PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(_expected_duration(text))
    return math.fsum(float(number) * _SECONDS[unit] for number, unit in parts)


def _expected_duration(given: object) -> str:
    return f"expected a duration like 30s, 5m or 1h30m, got {given!r}"
