"""Reading what the command line says about monitoring, in the same words as a task file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from procession.model.reaction import Reaction

_REACTION: Final = re.compile(r"(?P<event>[a-z_]+?)(?:\+(?P<after>[^x=]+))?(?:x(?P<times>\d+))?=(?P<do>.+)", re.DOTALL)


def read_patience(_context: click.Context, _option: click.Parameter, given: str | None) -> float | None:
    """Read a duration above 0, or ``never``."""
    from procession.model.monitoring_readers import read_patience as read

    return None if given is None else float(_read(read, given))


def read_amount(_context: click.Context, _option: click.Parameter, given: str | None) -> int | float | None:
    """Read ``2GiB``, or ``25%`` of what there is."""
    from procession.model.monitoring_readers import read_amount as read

    if given is None:
        return None
    amount: int | float = _read(read, given)
    return amount


def read_progress(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    """Read a regular expression with groups that say how far it is."""
    from procession.model.monitoring_readers import read_progress as read

    return None if given is None else str(_read(read, given))


def read_reactions(_context: click.Context, _option: click.Parameter, given: Iterable[str]) -> tuple[Reaction, ...]:
    """Read each ``EVENT=ACT``, ``EVENT+AFTER=ACT`` or ``EVENT+AFTERxTIMES=ACT``."""
    from procession.model.monitoring_readers import read_reactions as read

    tables = []
    for each in given:
        match = _REACTION.fullmatch(each)
        if match is None:
            raise click.BadParameter(f"expected EVENT=ACT, like stalled=notify or stalled+5m=stop, got {each!r}")
        table: dict[str, Any] = {name: value for name, value in match.groupdict().items() if value is not None}
        tables.append(table | ({"times": int(table["times"])} if "times" in table else {}))
    reactions: tuple[Reaction, ...] = _read(read, tables)
    return reactions


def _read(read: Callable[[object], Any], given: object) -> Any:
    from procession.model.field_readers import Misfit

    try:
        return read(given)
    except Misfit as misfit:
        hint = f" ({misfit.hint})" if misfit.hint else ""
        raise click.BadParameter(f"{misfit.expected}{hint}") from None
