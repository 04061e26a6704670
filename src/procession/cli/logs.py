"""`procession logs`: what tasks printed, and what they print."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon, tell_break
from procession.cli.selecting import select_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from procession.client.answers import Piece

EPILOG = """\b
Examples:
  procession logs train                      every byte, as it was printed
  procession logs -f -n 20 train             the last 20 lines, and on
  procession logs --since 10m --timestamps train
  procession logs -f 'thumb-*'               several, each line with its task's name

\b
One task without --timestamps comes byte for byte, both of its streams in the order in
which they came. Else lines are shown as a terminal would leave them, safely.

\b
Exit status: 0; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


def read_since(_context: click.Context, _option: click.Parameter, given: str | None) -> float | None:
    """Read a duration before now, or a point in time, as seconds since the epoch."""
    from datetime import datetime

    from procession.model.units import parse_duration

    if given is None:
        return None
    try:
        return time.time() - parse_duration(given)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(given).timestamp()
    except ValueError:
        raise click.BadParameter(f"expected a duration like 10m, or 2026-01-31T12:00, got {given!r}") from None


@click.command("logs", epilog=EPILOG, short_help="Show what tasks printed.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the tasks are over.")
@click.option("-n", "--lines", metavar="N", type=click.IntRange(min=0), help="Only the last N lines.")
@click.option("--since", metavar="WHEN", callback=read_since, help="Not what came before: 10m ago, or a time.")
@click.option("--stdout", "stream", flag_value="stdout", help="Only standard output.")
@click.option("--stderr", "stream", flag_value="stderr", help="Only standard error.")
@click.option("--timestamps", is_flag=True, help="When each line came.")
@select_options
def logs_verb(
    *,
    words: tuple[str, ...],
    select: dict[str, Any],
    follow: bool,
    lines: int | None,
    since: float | None,
    stream: str | None,
    timestamps: bool,
) -> int:
    """Show what tasks printed."""
    from procession.cli.log_view import LinedLogs, show_raw
    from procession.cli.views import wants_colour

    options: dict[str, Any] = {"stream": stream, "tail": lines, "since": since, "follow": follow}
    with ask_daemon() as client:
        names = [view.id for view in client.list(*words, **select)]
        if len(names) == 1 and not timestamps:
            for piece in client.logs(names[0], **options):
                show_raw(piece)
            return 0
        view = LinedLogs(names, prefixed=len(names) > 1, times=timestamps, colour=wants_colour())
        if follow and len(names) > 1:
            return _follow_all(names, options, view.show, view.finish)
        for name in names:
            for piece in client.logs(name, **options):
                view.show(piece)
            view.finish(name)
    return 0


def _follow_all(
    names: Sequence[str], options: dict[str, Any], show: Callable[[Piece], None], finish: Callable[[str], None]
) -> int:
    import asyncio

    from procession.client.async_client import AsyncClient

    async def follow(client: AsyncClient, name: str) -> None:
        async for piece in client.logs(name, **options):
            show(piece)
        finish(name)

    async def follow_all() -> None:
        async with AsyncClient(on_break=tell_break) as client:
            await asyncio.gather(*(follow(client, name) for name in names))

    asyncio.run(follow_all())
    return 0
