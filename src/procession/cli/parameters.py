"""Reading values of the command line: durations, sizes, and variables of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from procession.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_PERIOD_S = 0.1


def read_duration(_context: click.Context, _option: click.Parameter, given: str | None) -> float | None:
    """Read ``90``, ``30s``, ``5m``, ``1h30m`` as seconds, or say what was expected."""
    try:
        return None if given is None else parse_duration(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def read_period(given: str) -> float:
    """Read a duration of at least a tenth of a second, or say what was expected."""
    try:
        period_s = parse_duration(given)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--every") from None
    if period_s < LEAST_PERIOD_S:
        raise click.BadParameter("expected at least 100ms", param_hint="--every")
    return period_s


def read_size(_context: click.Context, _option: click.Parameter, given: str | None) -> int | None:
    """Read ``512MB`` or ``2GiB`` as bytes, at least 1, or say what was expected."""
    try:
        size = None if given is None else parse_size(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if size == 0:
        raise click.BadParameter("expected at least 1 byte")
    return size


def read_variables(_context: click.Context, _option: click.Parameter, given: Iterable[str]) -> dict[str, str]:
    """Read each ``NAME=VALUE``, cut at the first ``=``."""
    pairs = [each.partition("=") for each in given]
    for name, equals, value in pairs:
        if not name or not equals:
            raise click.BadParameter(f"expected NAME=VALUE, got {name + equals + value!r}")
    return {name: value for name, _, value in pairs}


def read_how_ready(_context: click.Context, _option: click.Parameter, given: str | None) -> Any:
    """Read ``notify``, ``log=PATTERN``, ``port=N``, ``http=URL`` or ``file=PATH``, or say what was expected."""
    from procession.model.field_readers import Misfit
    from procession.model.readiness_readers import read_readiness

    if given is None:
        return None
    way, equals, value = given.partition("=")
    wanted: Any = {way: int(value) if way == "port" and value.isdecimal() else value} if equals else way
    try:
        return read_readiness(wanted)
    except Misfit as error:
        expected = "notify, log=PATTERN, port=NUMBER, http=URL or file=PATH"
        raise click.BadParameter(
            str(error) if equals and error.inside else f"expected {expected}, got {given!r}"
        ) from None
