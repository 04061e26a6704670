"""The options by which a command says what it will take, for every verb that starts tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from procession.cli.parameters import read_size

if TYPE_CHECKING:
    from procession.model.need import Need

memory_option = click.option(
    "--memory", metavar="SIZE", callback=read_size, help="The most it will take; else it is learned."
)
cpu_option = click.option("--cpu", type=click.FloatRange(min=0), metavar="N", help="So many processors; else learned.")

F = TypeVar("F", bound=Callable[..., Any])


def need_options(command: F) -> F:
    """Add ``--memory``, ``--cpu``, ``--gpu``, ``--token`` and ``--class``."""
    options = (
        memory_option,
        cpu_option,
        click.option("--gpu", type=click.IntRange(min=0), metavar="N", help="So many devices of its own."),
        click.option(
            "--token",
            metavar="NAME[=N]",
            callback=read_tokens,
            multiple=True,
            help="A licence or the like; repeatable.",
        ),
        click.option("--class", "kind", metavar="NAME", help="Its like are those of this class; else of this command."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_tokens(_context: click.Context, _option: click.Parameter, given: Iterable[str]) -> dict[str, int]:
    """Read each ``NAME`` or ``NAME=N``."""
    tokens = {}
    for each in given:
        name, equals, count = each.partition("=")
        if not name or (equals and not count.isdecimal()):
            raise click.BadParameter(f"expected NAME or NAME=NUMBER, got {each!r}")
        tokens[name] = int(count) if equals else 1
    return tokens


def need_of(options: dict[str, Any]) -> Need:
    """Give what the options say. Raises: InvalidTask."""
    from procession.model.need import need

    return need(memory_bytes=options["memory"], cpus=options["cpu"], gpus=options["gpu"], tokens=options["token"])
