"""`procession drain`: start nothing new, and let what runs end."""

from __future__ import annotations

import click

from procession.cli.asking import ask_daemon, json_option

EPILOG = """\b
Examples:
  procession drain && procession wait --all  before the machine goes down
  procession drain --off

\b
Exit status: 0; 4 no daemon; 2 for a wrong use.
"""


@click.command("drain", epilog=EPILOG, short_help="Start nothing new.")
@click.option("--off", is_flag=True, help="Start tasks again.")
@json_option
def drain_verb(*, off: bool, as_json: bool) -> int:
    """Start nothing new until told otherwise. What runs goes on; what is submitted waits."""
    from msgspec import to_builtins

    from procession.cli.telling import print_json

    with ask_daemon() as client:
        status = client.drain(on=not off)
    if as_json:
        print_json(to_builtins(status))
        return 0
    active = sum(count for state, count in status.counts.items() if state not in ("queued", "ended"))
    print(f"{status.state}: {active} active, {status.counts.get('queued', 0)} queued")
    return 0
