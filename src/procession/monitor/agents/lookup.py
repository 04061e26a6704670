"""What stands at a path of an event, and whether an event is meant. Not here: what that means (``reading.py``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from procession.model.agent_checks import Match, Paths, Scalar, paths_of
from procession.model.agent_path import NAMES, Step, parse_path

Event = dict[str, Any]
Values = Callable[[Event], list[Any]]
_MOST: Final = 1 << 62


def compile_path(text: str) -> Values:
    """Make a function that gives all that stands at a path."""
    steps = parse_path(text)
    if not any(step.is_list or step.name == NAMES for step in steps):
        return _compile_plain([step.name for step in steps])

    def values(event: Event) -> list[Any]:
        found: list[Any] = [event]
        for step in steps:
            found = list(_follow(step, found))
            if not found:
                break
        return found

    return values


def compile_first(paths: Paths) -> Values:
    """Make a function that gives what stands at the first path at which anything stands."""
    compiled = [compile_path(each) for each in paths_of(paths)]

    def values(event: Event) -> list[Any]:
        for each in compiled:
            found = each(event)
            if found:
                return found
        return []

    return values


def compile_sum(paths: Paths) -> Callable[[Event], float | None]:
    """Make a function that adds up the numbers at all paths; None where there is none."""
    compiled = [compile_path(each) for each in paths_of(paths)]

    def total(event: Event) -> float | None:
        numbers = [each for values in compiled for each in values(event) if is_amount(each)]
        return sum(numbers) if numbers else None

    return total


def compile_when(when: Match) -> Callable[[Event], bool]:
    """Make a function that says whether an event is meant."""
    conditions = [
        (compile_path(path), wanted if isinstance(wanted, tuple) else (wanted,)) for path, wanted in when.items()
    ]

    def is_meant(event: Event) -> bool:
        return all(_fits(values(event), wanted) for values, wanted in conditions)

    return is_meant


def kinds_of(when: Match) -> frozenset[str] | None:
    """Give the types of which an event must be to be meant; None: of any."""
    wanted = when.get("type")
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    texts = [each for each in kinds if isinstance(each, str) and not each.startswith("!")]
    return frozenset(texts) if len(texts) == len(kinds) else None


def is_amount(value: Any) -> bool:
    """Whether that is a number of something."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value < _MOST  # what is not finite is not below it


def _compile_plain(names: list[str]) -> Values:
    def values(event: Event) -> list[Any]:
        value: Any = event
        for name in names:
            value = value.get(name) if type(value) is dict else None
            if value is None:
                return []
        return [value]

    return values


def _follow(step: Step, found: list[Any]) -> Iterable[Any]:
    for value in found:
        if not isinstance(value, dict):
            continue
        if step.name == NAMES:
            yield from value
            continue
        inside = value.get(step.name)
        if inside is None:
            continue
        if not step.is_list:
            yield inside
        elif isinstance(inside, list):
            for each in inside:
                if step.key is None or (isinstance(each, dict) and each.get(step.key) == step.value):
                    yield each


def _fits(values: list[Any], wanted: tuple[Scalar, ...]) -> bool:
    return any(_is(values, each) for each in wanted)


def _is(values: list[Any], wanted: Scalar) -> bool:
    if isinstance(wanted, str) and wanted.startswith("!"):
        return wanted[1:] not in values
    return any(type(value) is type(wanted) and value == wanted for value in values)
