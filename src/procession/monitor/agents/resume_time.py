"""When one may go on, as clients and their services say it: in 20s, at 3pm, a number, an ISO time.

Not here: which text speaks of a limit at all (the profiles say that). What lies in the past, or months ahead, says
nothing: there are messages that keep naming a day gone by.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

_FARTHEST_S: Final = 62 * 86400.0
_EPOCH: Final = 1_000_000_000
_EPOCH_MS: Final = 1_000_000_000_000
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_BEFORE: Final = r"(?:(?:again|retry|retrying|resets?|available|resumes?)\s(?:in|after)|delay\W{1,5}|wait(?:\sfor)?)\s?"
"""Other spans have been, or are something else: it failed after 30 seconds."""

_AMOUNT: Final = (
    r"\d{1,9}(?:\.\d{1,6})?\s?(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\b"
)
_SPAN: Final = re.compile(rf"{_BEFORE}(?P<span>{_AMOUNT}(?:(?:,|\s|and){{0,6}}{_AMOUNT}){{0,5}})", re.IGNORECASE)
_COMPACT: Final = re.compile(
    rf"{_BEFORE}(?P<span>(?:\d{{1,9}}(?:\.\d{{1,9}})?(?:ms|[smhdw])){{1,5}})(?!\w)", re.IGNORECASE
)
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s?(ms|milli|[smhdw])", re.IGNORECASE)
_SECONDS: Final = re.compile(
    r"(?:retry[-_ ]?after|resets?[-_ ]in|reset[-_ ]after)(?:[-_ ]?(?:seconds|secs|s))?"
    r"[\"']?\s?[:=]?\s?[\"']?(\d{1,9}(?:\.\d{1,6})?)(?![\d:])",
    re.IGNORECASE,
)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
_NUMBER: Final = re.compile(r"(?<![\d.])(1\d{9}|1\d{12})(?![\d.])")
_CLOCK: Final = re.compile(
    r"(?:(?:again|retry|available|resumes?)\s(?:at|after)|resets?(?:\s(?:at|on))?|until)\s"
    r"(?:(?P<month>[A-Za-z]{3,9})\.?\s(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s(?:(?P<year>\d{4}),?\s)?(?:at\s)?)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s?(?P<half>[ap]\.?m\.?)?"
    r"(?:\s?\(?(?P<zone>UTC|GMT|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)\)?)?",
    re.IGNORECASE,
)


def resume_time(said: Any, at: float) -> float | None:
    """Give the time (since the epoch) that ``said``, at the time ``at``, names; None if it names none that can be."""
    if isinstance(said, bool):
        return None
    if isinstance(said, (int, float)):
        return _sensible(_of_number(float(said), at), at)
    if not isinstance(said, str):
        return None
    text = said[:4096]
    for time in _times_in(text, at):
        sensible = _sensible(time, at)
        if sensible is not None:
            return sensible
    return None


def _times_in(text: str, at: float) -> Iterable[float | None]:
    if re.fullmatch(r"\s*\d{1,13}(?:\.\d{1,9})?\s*s?\s*", text):
        yield _of_number(float(text.strip().rstrip("s")), at)
    for pattern in (_COMPACT, _SPAN):
        for match in pattern.finditer(text):
            yield at + _span_of(match["span"])
    for match in _SECONDS.finditer(text):
        yield _of_number(float(match[1]), at)
    for match in _ISO.finditer(text):
        yield _of_iso(match[0])
    for match in _NUMBER.finditer(text):
        yield _of_number(float(match[1]), at)
    for match in _CLOCK.finditer(text):
        yield _of_clock(match, at)


def _sensible(time: float | None, at: float) -> float | None:
    return time if time is not None and math.isfinite(time) and at < time <= at + _FARTHEST_S else None


def _of_number(number: float, at: float) -> float:
    """Small numbers are seconds from now; large ones a time, in seconds or milliseconds."""
    if number >= _EPOCH_MS:
        return number / 1000
    return number if number >= _EPOCH else at + number


def _span_of(text: str) -> float:
    return sum(
        float(number) * _UNITS["ms" if unit.lower() in {"ms", "milli"} else unit.lower()]
        for number, unit in _PART.findall(text)
    )


def _of_iso(text: str) -> float | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _of_clock(match: re.Match[str], at: float) -> float | None:
    """Give the next time that a clock shows that, or that on its day. An hour alone is none: it may be anything."""
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()
    if not (half or match["minute"]) or hour > (12 if half else 23) or minute > 59:
        return None
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    now = datetime.fromtimestamp(at, _zone(match["zone"])).astimezone(_zone(match["zone"]))
    try:
        time = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if match["month"]:
            month = _MONTHS.index(match["month"][:3].lower()) + 1
            time = time.replace(year=int(match["year"] or time.year), month=month, day=int(match["day"]))
            if time <= now and not match["year"]:  # in January, said in December
                time = time.replace(year=time.year + 1)
        elif time <= now:
            time += timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return time.timestamp()


def _zone(name: str | None) -> tzinfo | None:
    """Give the zone of that name; None, the machine's own, where it is not known."""
    if name is None:
        return None
    if name.upper() in {"UTC", "GMT"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # no such zone, or no list of them here
        return None
