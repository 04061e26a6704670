"""`procession drain`: start nothing new, and let what runs end, or save its work."""

from __future__ import annotations

import click

from procession.cli.asking import ask_daemon, json_option

EPILOG = """\b
Examples:
  procession drain && procession wait --all  before the machine goes down
  procession drain --suspend                        before a reboot: what runs saves its work
  procession drain --off

\b
With --suspend what says how it goes on saves its work and ends, and goes on from there
when tasks may start again; the rest is suspended.

\b
Exit status: 0; 4 no daemon; 2 for a wrong use.
"""


@click.command("drain", epilog=EPILOG, short_help="Start nothing new.")
@click.option("--off", is_flag=True, help="Start tasks again.")
@click.option("--suspend", is_flag=True, help="And have what runs save its work and end, or else pause.")
@json_option
def drain_verb(*, off: bool, suspend: bool, as_json: bool) -> int:
    """Start nothing new until told otherwise. What runs goes on; what is submitted waits."""
    if off and suspend:
        raise click.UsageError("--off starts tasks again: leave out --suspend, or --off")
    from msgspec import to_builtins

    from procession.cli.telling import print_json

    with ask_daemon() as client:
        status = client.drain(on=not off, suspend=suspend)
    if as_json:
        print_json(to_builtins(status))
        return 0
    active = sum(count for state, count in status.counts.items() if state not in ("queued", "ended"))
    print(f"{status.state}: {active} active, {status.counts.get('queued', 0)} queued")
    return 0
