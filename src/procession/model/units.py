"""Sizes and durations as people write them: ``512MB``, ``2GiB``, ``30m``, ``1h30m``."""

from __future__ import annotations

import math
import re

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


def format_duration(seconds: float) -> str:
    """Write seconds shortly: ``0.42 s``, ``12.3 s``, ``4 m 05 s``, ``2 h 03 m``, ``3 d 04 h``."""
    seconds = max(seconds, 0.0)
    if seconds < 9.995:  # from here on it would be rounded to the next form
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = max(int(seconds), 60)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def format_size(size_bytes: float) -> str:
    """Write bytes in decimal units: ``999 B``, ``1.2 kB``, ``12.3 MB``."""
    if size_bytes < 999.5:
        return f"{size_bytes:.0f} B"
    power = next((power for power in (1, 2, 3) if size_bytes < 999.95 * 1000**power), 4)
    return f"{size_bytes / 1000**power:.1f} {' kMGT'[power]}B"


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
