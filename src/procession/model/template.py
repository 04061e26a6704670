"""Command templates: split first, fill afterwards. A value can never become two arguments."""

from __future__ import annotations

import os
import shlex
import string
from collections.abc import Mapping

from procession.errors import InvalidCommand


def fill_template(template: str, values: Mapping[str, object]) -> tuple[str, ...]:
    """Split ``template`` like a shell, then put ``values`` into each argument's ``{name}`` placeholders.

    Raises: InvalidCommand: unbalanced quotes or braces, a placeholder without value, a value without placeholder.
    """
    used: set[str] = set()
    argv = tuple(_fill(argument, values, used) for argument in split_words(template))
    unused = sorted(values.keys() - used)
    if unused:
        raise InvalidCommand(unused[0], f"is given, but the template has no {{{unused[0]}}}")
    return argv


def split_words(text: str) -> list[str]:
    """Split as a POSIX shell splits words: quotes and backslashes, and nothing else of a shell.

    Raises: InvalidCommand: when a quote is not closed.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidCommand("command", f"cannot be split: {str(error).lower()}") from None


def _fill(argument: str, values: Mapping[str, object], used: set[str]) -> str:
    try:
        pieces = list(string.Formatter().parse(argument))
    except ValueError as error:
        hint = "write {{ and }} for braces that are no placeholder"
        raise InvalidCommand("template", f"has a bad placeholder in {argument!r}: {error}", hint=hint) from None
    return "".join(literal + _value(name, spec, conversion, values, used) for literal, name, spec, conversion in pieces)


def _value(
    name: str | None, spec: str | None, conversion: str | None, values: Mapping[str, object], used: set[str]
) -> str:
    if name is None:
        return ""
    if spec or conversion or not name.isidentifier():
        hint = "write {{ and }} for braces that are no placeholder"
        raise InvalidCommand("template", f"has a placeholder that is no plain name: {{{name}}}", hint=hint)
    if name not in values:
        raise InvalidCommand("template", f"needs a value for {{{name}}}")
    used.add(name)
    return _text(name, values[name])


def _text(name: str, value: object) -> str:
    if isinstance(value, (str, bytes, os.PathLike)):
        return os.fsdecode(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise InvalidCommand(name, f"must be text, a path or a number, got {type(value).__name__}")
