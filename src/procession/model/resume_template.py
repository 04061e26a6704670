"""The command that goes on where an earlier attempt was: arguments with placeholders, filled one by one. Pure.

A value never becomes two arguments, nor an option: what stands in for an argument of its own and begins with a dash is
refused. Not here: which values there are (`procession.policy.resuming`).
"""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from typing import Final

from procession.errors import InvalidTask

PLACEHOLDERS: Final = ("session", "checkpoint", "attempt", "progress")


class Unfillable(ValueError):
    """A placeholder has no value, or one that cannot be put there."""


def check_resume_command(template: object) -> None:
    """Raise InvalidTask for a template that can never be filled."""
    if not isinstance(template, tuple) or not template or not all(isinstance(each, str) for each in template):
        raise InvalidTask("resume_command", f"must be a list of arguments, got {template!r}")
    for name in placeholders_of(template):
        if name not in PLACEHOLDERS:
            there_are = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            hint = "write {{ and }} for braces that are no placeholder"
            raise InvalidTask(
                "resume_command", f"has an unknown placeholder {{{name}}}; there are {there_are}", hint=hint
            )


def placeholders_of(template: tuple[str, ...]) -> list[str]:
    """Name the placeholders, in the order of their use. Raises: InvalidTask: braces that do not match."""
    return [name for argument in template for _, name in _pieces(argument) if name is not None]


def located(template: tuple[str, ...], directory: str) -> tuple[str, ...]:
    """Say outright which program is meant by a relative path in ``directory``; a placeholder says that itself."""
    program = template[0] if template else ""
    if "/" not in program or program.startswith("{"):
        return template
    return (os.path.join(directory.replace("{", "{{").replace("}", "}}"), program), *template[1:])


def fill(template: tuple[str, ...], values: Mapping[str, str | None]) -> tuple[str, ...]:
    """Put the values in. Raises: Unfillable."""
    return tuple(_fill(argument, values) for argument in template)


def _fill(argument: str, values: Mapping[str, str | None]) -> str:
    filled = "".join(literal + ("" if name is None else _value(name, values)) for literal, name in _pieces(argument))
    if filled.startswith("-") and not argument.startswith("-"):
        raise Unfillable(f"{argument} would become an option: {filled!r}")
    return filled


def _value(name: str, values: Mapping[str, str | None]) -> str:
    value = values.get(name)
    if value is None:
        raise Unfillable(f"there is no {name}")
    if "\0" in value:
        raise Unfillable(f"the {name} has a NUL in it")
    return value


def _pieces(argument: str) -> list[tuple[str, str | None]]:
    try:
        parsed = list(string.Formatter().parse(argument))
    except ValueError as error:
        raise InvalidTask("resume_command", f"has a bad placeholder in {argument!r}: {error}") from None
    if any(spec or conversion for _, _, spec, conversion in parsed):
        raise InvalidTask("resume_command", f"has a placeholder that is no plain name in {argument!r}")
    return [(literal, name) for literal, name, _, _ in parsed]
