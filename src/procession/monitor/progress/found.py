"""What one frame says of progress, whichever way it was read."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from procession.model.progress import Source


class Found(NamedTuple):
    """What one frame says. ``percent`` is from 0 to 100, of what ``label`` names.

    in_phases: the percentage is that of one of several phases. is_bar: its frame is drawn over again and again, and
    there may be others beside it.
    """

    label: str = ""
    percent: float | None = None
    current: float | None = None
    total: float | None = None
    unit: str | None = None
    in_phases: bool = False
    is_bar: bool = False


class Reading(NamedTuple):
    """What the output says now, and how we know."""

    found: Found
    source: Source
    tool: str | None = None
    confidence: float = 1.0


_NUMBER: Final = re.compile(rb"(\d[\d,]*(?:\.\d+)?)\s*([kKMGTP]?)(i?)B?")
_POWERS: Final = {b"": 0, b"k": 1, b"K": 1, b"M": 2, b"G": 3, b"T": 4, b"P": 5}


def number_of(text: bytes | None) -> float | None:
    """Read ``1,234``, ``12.5``, ``10.2kB`` or ``3MiB``; None for what is no number."""
    match = _NUMBER.match(text.strip()) if text else None
    if match is None:
        return None
    base = 1024 if match[3] else 1000
    number = float(match[1].replace(b",", b""))
    return number * float(base ** _POWERS[match[2]])


def seconds_of(text: bytes | None) -> float | None:
    """Read ``01:02:03.5`` as seconds; None for what is no such time."""
    if not text:
        return None
    try:
        parts = [float(part) for part in text.split(b":")]
    except ValueError:
        return None
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds


def label_of(text: bytes) -> str:
    """Give what a bar is called: without ornaments, spinners and colons."""
    return re.sub(r"^[^\w(<]+|[\s:|\[(.=>#-]+$", "", text.decode("utf-8", "replace"))[:60]
