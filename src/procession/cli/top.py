"""`procession top`: all tasks on one screen, live."""

from __future__ import annotations

import asyncio

import click

EPILOG = """\b
Keys:
  p pause or resume   s stop   k kill   r retry   o order by CPU, memory, time …
  / filter            e show what has ended, too   q quit

\b
Exit status: 0; 4 no daemon; 2 without a terminal.
"""


@click.command("top", epilog=EPILOG, short_help="Watch all tasks live.")
@click.option("--every", metavar="DURATION", default="2s", help="How often to look; 2s.")
def top_verb(*, every: str) -> int:
    """Watch all tasks: state, health, progress, processor, memory, last line; and act on them from the keyboard."""
    from procession.cli.asking import ask_daemon
    from procession.cli.parameters import read_period
    from procession.cli.views import can_be_live

    period_s = read_period(every)
    if not can_be_live():
        raise click.UsageError("this needs a terminal; `procession ls` prints the same once")
    with ask_daemon() as client:  # to say at once that there is none
        client.status()
    asyncio.run(_watch(period_s))
    return 0


async def _watch(period_s: float) -> None:
    from procession.client.async_client import AsyncClient
    from procession.tui.top import TopApp

    async with AsyncClient(patience_s=0.5) as client:
        await TopApp(client, period_s=period_s).run_async()
