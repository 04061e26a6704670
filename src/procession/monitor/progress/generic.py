"""What looks like progress, whoever prints it: ``N%``, ``[N/M]``, ``N/M``, ``N of M``.

Much that looks like it is none: shares, scores, dates, quotas, source text in warnings. So a number is believed only
when at least two frames of the same shape hold it, and it has risen from one to the other; or when the frame says it
twice: by a bar that is drawn, by a count of the same share, by a word like "done". A shape that falls more often than
it rises counts down, or nothing. A frame with several percentages is a table.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from procession.monitor.progress.found import Found, label_of, number_of
from procession.monitor.progress.frames import Frame

_PERCENT: Final = re.compile(rb"(?<![\w.,=:/%+-])(\d{1,3}(?:\.\d+)?)(?:/100)? ?%(?![%\w])")
_SEVERAL: Final = re.compile(rb"\d ?%")
_OF: Final = re.compile(
    rb"(?<![\w.,=:/#+-])(\d+(?:\.\d+)?[kMGT]?i?B?) ?(?:/|of|out of) ?(\d+(?:\.\d+)?[kMGT]?i?B?)(?![\w/.-]|:\d)"
)
_DIGITS: Final = re.compile(rb"\d[\d.,]*")
_BLANKS: Final = re.compile(rb"[^A-Za-z0-9]+")
_BAR: Final = re.compile(rb"[\[|(<\x80-\xff]|[#=.>-]{3}")
_DRAWN: Final = re.compile(
    rb"(?:\xe2[\x94-\x97][\x80-\xbf]){4}|[\[|](?:[#=]+[#=>/|\\-]?[ .-]*|[ .-]{4,})[\]|]"
    rb"|% ?(?:done|completed?|finished)\b"
)
_AGREEMENT: Final = 1.5
_LEAST_TOTAL: Final = 3
_BEFORE_BYTES: Final = 8
_SHAPES: Final = 64
_PATIENCE: Final = 20
_ALMOST: Final = 99.0


class _Shape:
    __slots__ = ("falls", "rises", "value")

    def __init__(self, value: float) -> None:
        self.value = value
        self.rises = self.falls = 0


class _Family(NamedTuple):
    """What frames of one tool have in common, whatever their labels."""

    is_percent: bool
    follows: bytes
    is_redrawn: bool


class GenericReader:
    """Finds what looks like progress; remembers what it has seen of each shape."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[object, ...], _Shape] = {}
        self._family: _Family | None = None
        self._value = 0.0
        self._silent = 0

    def find(self, frame: Frame) -> Found | None:
        """Give what the frame says, if it may be believed by now."""
        if not frame.is_whole:
            return None  # of what shape it is shows only at its end
        seen = _see(frame.text)
        if seen is None:
            return None
        after = frame.text[seen.end : seen.end + 1].strip()
        family = _Family(seen.is_percent, after, frame.is_redrawn)
        before = frame.text[max(seen.start - _BEFORE_BYTES, 0) : seen.start]
        shape = _BLANKS.sub(b" ", _DIGITS.sub(b"0", before))
        is_risen = self._has_risen((family, shape, None if seen.is_percent else seen.total), seen.percent)
        goes_on = family == self._family and seen.percent >= self._value
        if not (is_risen or seen.is_sure or goes_on) or not self._is_heard(family, seen.percent):
            return None
        label = _label(frame.text[: seen.start]) if frame.is_redrawn else ""
        return Found(label, seen.percent, seen.current, seen.total, is_bar=frame.is_redrawn)

    def _has_risen(self, key: tuple[object, ...], value: float) -> bool:
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= _SHAPES:
                del self._shapes[next(iter(self._shapes))]
            self._shapes[key] = _Shape(value)
            return False
        shape.rises += value > shape.value
        shape.falls += value < shape.value
        shape.value = value
        return shape.rises > shape.falls

    def _is_heard(self, family: _Family, value: float) -> bool:
        """Whether this kind of frame is the one that counts: another one takes over only where that has ended."""
        if self._family is None or self._family == family:
            self._family, self._value, self._silent = family, value, 0
            return True
        self._silent += 1
        if self._silent < _PATIENCE and not (self._value >= _ALMOST and value < _ALMOST / 2):
            return False
        self._family, self._value, self._silent = family, value, 0
        return True


class _Seen(NamedTuple):
    """What may be progress. ``is_sure``: the frame says it twice."""

    percent: float
    current: float | None
    total: float | None
    start: int
    end: int
    is_percent: bool
    is_sure: bool


def _see(text: bytes) -> _Seen | None:
    percent, of = _PERCENT.search(text), _OF.search(text)
    if percent is not None and len(_SEVERAL.findall(text)) > 1:
        return None
    current, total = (number_of(of[1]), number_of(of[2])) if of is not None else (None, None)
    if current is None or total is None or total < _LEAST_TOTAL or current > total:
        current = total = of = None
    share = None if current is None or not total else current / total * 100
    if percent is None:
        return None if of is None or share is None else _Seen(share, current, total, *of.span(), False, False)
    value = float(percent[1])
    if value > 100:
        return None
    agrees = share is not None and abs(share - value) < _AGREEMENT
    is_sure = agrees or _DRAWN.search(text) is not None
    return _Seen(value, current if agrees else None, total if agrees else None, *percent.span(), True, is_sure)


def _label(before: bytes) -> str:
    """Name a bar by what stands before it, as far as that does not change with it."""
    start = next((index for index, byte in enumerate(before) if chr(byte).isalnum() and byte < 0x80), len(before))
    end = _BAR.search(before, start)
    label = label_of(before[start : end.start() if end else len(before)])
    return label if label[:1].isalpha() else ""
