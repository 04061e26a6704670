"""Sizes and durations as people read them. Imports nothing: the quickest verbs show them. Reading them: ``units``."""

from __future__ import annotations


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
