"""`procession doctor`: which guarantees hold here, and what to do about those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procession.cli.asking import ask_daemon, json_option, no_start_option

if TYPE_CHECKING:
    from procession.model.finding import Finding

EPILOG = """\b
Examples:
  procession doctor
  procession doctor --json | jq '.checks[] | select(.ok == false)'

\b
ok holds, !! does not, ?? cannot be told here.

\b
Exit status: 0 nothing is wrong; 1 something is; 4 no daemon; 2 for a wrong use.
"""
MARKS = {True: "ok", False: "!!", None: "??"}


@click.command("doctor", epilog=EPILOG, short_help="Say which guarantees hold here.")
@no_start_option
@json_option
def doctor_verb(*, no_start: bool, as_json: bool) -> int:
    """Look at what this machine lets us promise: exact trees, exits, watched logs, room on disk."""
    from msgspec import to_builtins

    from procession.cli.telling import print_json

    with ask_daemon(start=not no_start) as client:
        findings = client.doctor()
    if as_json:
        print_json({"checks": to_builtins(findings)})
    else:
        _show(findings)
    return int(any(each.ok is False for each in findings))


def _show(findings: list[Finding]) -> None:
    from procession.cli.rows import paint, wants_colour
    from procession.cli.text import show_safely

    colours = {True: "green", False: "red", None: "yellow"} if wants_colour() else {}
    width = max((len(each.name) for each in findings), default=0)
    for each in findings:
        print(paint(MARKS[each.ok], colours.get(each.ok)), show_safely(f"{each.name:<{width}}  {each.says}").rstrip())
        if each.advice:
            print(f"   {' ' * width}  {show_safely(each.advice)}")
