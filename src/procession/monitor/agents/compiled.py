"""The rules of a profile, made ready to be asked: of an event, or of a line that is none.

Not here: what comes of an answer (``reading.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from procession.model.agent import LimitRule, Mark, Rule, UsageRule
from procession.monitor.agents.lookup import (
    Event,
    compile_first,
    compile_path,
    compile_sum,
    compile_when,
    is_amount,
    kinds_of,
)
from procession.monitor.agents.resume_time import resume_time

SEARCHED_BYTES: Final = 4096
_SCALE: Final = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6}
Usage = tuple[float | None, float | None, float | None, float | None]
"""Tokens in, tokens out, cost, turns."""
_ID: Final = 200
Find = Callable[[bytes, int, int], re.Match[bytes] | None]
_NONE: Final[frozenset[str]] = frozenset()
"""It meets no event, only lines."""

_CLASS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]")


class TextRule:
    """A `Rule`: gives the texts that it takes."""

    def __init__(self, rule: Rule) -> None:
        self.is_meant = compile_when(rule.when)
        self.kinds = kinds_of(rule.when) if rule.take else _NONE
        self.pieces = rule.pieces
        self._values = compile_first(rule.take) if rule.take else None
        self._ids = compile_path(rule.id) if rule.id is not None else None
        self._pattern = _compiled(rule.pattern)
        self._unless = _compiled(rule.unless)
        self.line = LinePattern(rule.pattern, rule.stream) if rule.pattern is not None and not rule.take else None

    def take(self, event: Event) -> list[str]:
        """Give the texts of an event that are taken."""
        if self._values is None or not self.is_meant(event):
            return []
        found = (self._cut(each) for each in self._values(event) if isinstance(each, str) and each)
        return [each for each in found if each]

    def take_with_ids(self, event: Event) -> list[tuple[str, str]]:
        """Give them with the ids of the calls; each is its own where it has none."""
        texts = self.take(event)
        ids = [_id(each) for each in self._ids(event)] if texts and self._ids is not None else []
        return [(ids[index] if index < len(ids) else _id(text), text) for index, text in enumerate(texts)]

    def take_line(self, stream: str, line: bytes) -> str | None:
        """Give what is taken of a line that is no event."""
        match = self.line.search(stream, line) if self.line is not None else None
        if match is None or (self._unless is not None and self._unless.search(_text(line))):
            return None
        return _text((match[1] if match.re.groups else None) or match[0])

    def _cut(self, text: str) -> str | None:
        if self._unless is not None and self._unless.search(text, 0, SEARCHED_BYTES):
            return None
        if self._pattern is None:
            return text
        match = self._pattern.search(text, 0, SEARCHED_BYTES)
        if match is None:
            return None
        return (match[1] if self._pattern.groups else None) or text


class LinePattern:
    """A pattern for the lines of one stream, or of any."""

    def __init__(self, pattern: str, stream: str | None) -> None:
        compiled = re.compile(pattern.encode())
        # Where it can only begin at the beginning, searching tries every other place, too, at ten times the price.
        self.find: Find = compiled.match if _is_anchored(pattern) else compiled.search
        self._stream = stream

    def search(self, stream: str, line: bytes) -> re.Match[bytes] | None:
        """Look for it."""
        return self.find(line, 0, SEARCHED_BYTES) if self.is_of(stream) else None

    def is_of(self, stream: str) -> bool:
        """Whether it is for that stream. Where both are one (a terminal), it is for either."""
        return self._stream is None or stream == self._stream or stream not in {"stdout", "stderr"}


class MarkRule:
    """A `Mark`: says whether an event is meant, and by what id."""

    def __init__(self, mark: Mark) -> None:
        self.is_meant = compile_when(mark.when)
        self.kinds = kinds_of(mark.when)
        self._ids = compile_path(mark.id) if mark.id is not None else None

    def ids(self, event: Event) -> list[str] | None:
        """Give the ids; None if there are none to be told apart."""
        return None if self._ids is None else [_id(each) for each in self._ids(event)]


class FigureRule:
    """A `UsageRule`: gives what it counts."""

    def __init__(self, rule: UsageRule) -> None:
        self._is_meant = compile_when(rule.when)
        self.kinds = kinds_of(rule.when) if rule.pattern is None else _NONE
        self._totals = tuple(compile_sum(each) for each in (rule.input, rule.output, rule.cost, rule.turns))
        self.line = LinePattern(rule.pattern, None) if rule.pattern is not None else None

    def take(self, event: Event) -> Usage | None:
        """Give the figures of an event."""
        if self.line is not None or not self._is_meant(event):
            return None
        tokens_in, tokens_out, cost, turns = (total(event) for total in self._totals)
        return tokens_in, tokens_out, cost, turns

    def take_line(self, stream: str, line: bytes) -> Usage | None:
        """Give the figures of a line that is no event."""
        match = self.line.search(stream, line) if self.line is not None else None
        if match is None:
            return None
        groups = match.groupdict()
        return _figure(groups.get("input")), _figure(groups.get("output")), _figure(groups.get("cost")), None


class Refusal:
    """A `LimitRule`: says whether the service has refused, and until when."""

    def __init__(self, rule: LimitRule) -> None:
        self._is_meant = compile_when(rule.when)
        self._texts = compile_first(rule.take) if rule.take else None
        self._until = compile_first(rule.until) if rule.until else None
        self._pattern = _compiled(rule.pattern)
        is_of_lines = rule.pattern is not None and not rule.when and not rule.take
        self.line = LinePattern(rule.pattern or "", rule.stream) if is_of_lines else None
        self.kinds = _NONE if is_of_lines else kinds_of(rule.when)

    def take(self, event: Event, at: float) -> tuple[bool, float | None]:
        """Say whether an event is a refusal, and until when."""
        if self.line is not None or not self._is_meant(event):
            return False, None
        match = None
        if self._pattern is not None:
            texts = self._texts(event) if self._texts is not None else []
            match = next(self._matches(texts), None)
            if match is None:
                return False, None
        told = self._until(event) if self._until is not None else []
        times = [resume_time(each, at) for each in told]
        until = next((each for each in times if each is not None), None)
        return True, until if until is not None or match is None else _time_of(match, at)

    def take_line(self, stream: str, line: bytes, at: float) -> tuple[bool, float | None]:
        """Say the same of a line that is no event."""
        match = self.line.search(stream, line) if self.line is not None else None
        if match is None:
            return False, None
        until = match.groupdict().get("until")
        return True, resume_time(_text(line if until is None else until), at)

    def _matches(self, texts: list[Any]) -> Iterator[re.Match[str]]:
        if self._pattern is not None:
            for text in texts:
                match = self._pattern.search(text, 0, SEARCHED_BYTES) if isinstance(text, str) else None
                if match is not None:
                    yield match


def _time_of(match: re.Match[str], at: float) -> float | None:
    until = match.groupdict().get("until")
    return resume_time(match.string if until is None else until, at)


def _is_anchored(pattern: str) -> bool:
    """Whether it begins with ``^``, whichever of its branches is taken."""
    plain = _CLASS.sub("", pattern.removeprefix("(?i)"))
    depth = 0
    for character in plain:
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            return False
    return plain.startswith("^")


def _id(value: Any) -> str:
    """Give what calls are told apart by; it is kept, so it is short."""
    return value[:_ID] if isinstance(value, str) else str(value)[:_ID]


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return None if pattern is None else re.compile(pattern)


def _text(line: bytes) -> str:
    return line[:SEARCHED_BYTES].decode("utf-8", "replace").rstrip()


def _figure(text: bytes | None) -> float | None:
    """Read ``1,234`` and ``1.2k``."""
    if not text:
        return None
    plain = text.decode("utf-8", "replace").replace(",", "")
    scale = _SCALE.get(plain[-1:], 1.0)
    try:
        figure = float(plain if scale == 1.0 else plain[:-1]) * scale
    except ValueError:
        return None
    return figure if is_amount(figure) else None
