"""What the parts of a profile are made of, and what can be seen to be wrong with them. All raise ValueError."""

from __future__ import annotations

import re
from typing import Final

from procession.model.agent_path import parse_path

Scalar = bool | int | str
Match = dict[str, Scalar | tuple[Scalar, ...]]
Paths = str | tuple[str, ...]
"""Of several paths the first counts at which anything stands."""

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_ALONE: Final = frozenset({"program", "flags"})


def paths_of(paths: Paths) -> tuple[str, ...]:
    """Give one path as a list of one."""
    return (paths,) if isinstance(paths, str) else paths


def check_when(when: Match, place: str = "") -> None:
    """See that the keys are paths; ``place`` is where they stand. Raises: ValueError."""
    for path in when:
        try:
            parse_path(path)
        except ValueError as error:
            raise ValueError(f"{place}{error}") from None


def check_paths(paths: Paths) -> None:
    """See that these are paths. Raises: ValueError."""
    for path in paths_of(paths):
        parse_path(path)


def check_pattern(pattern: str | None) -> None:
    """See that it is a regular expression, for text and for bytes. Raises: ValueError."""
    try:
        re.compile(pattern or "")
        re.compile((pattern or "").encode())
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}, got {pattern!r}") from None


def check_placeholders(argv: tuple[str, ...], known: set[str]) -> None:
    """See that only placeholders stand there that mean something. Raises: ValueError."""
    for argument in argv:
        for name in _PLACEHOLDER.findall(argument):
            if name not in known:
                raise ValueError(f"expected one of {sorted(known)} as a placeholder, got {{{name}}}")
            if name in _ALONE and argument != f"{{{name}}}":
                raise ValueError(f"expected {{{name}}} as an argument of its own, got {argument!r}")
