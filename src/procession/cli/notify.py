"""`procession notify`: a shell script says something about itself. The light form: ``python -m procession.child``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from procession.cli.parameters import read_duration
from procession.wire.notices import PHASE, PROGRESS, SESSION

EPILOG = """\b
Examples, in a script that runs under procession:
  procession notify --ready --status 'serving'
  procession notify --progress 40% --phase linking
  procession notify --done '{"built": 12}'

\b
Each call starts an interpreter with everything; in a loop, `python3 -m procession.child
progress 2/5` is lighter. Where nobody listens, nothing happens.

\b
Exit status: 0; 2 for a wrong use.
"""


def _read_share(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    from procession.child.__main__ import read_share

    if text is None:
        return None
    try:
        share = read_share(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return share / 100 if share > 1 and text.isdigit() else share


def _read_result(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[Any] | None:
    import json

    try:
        return None if text is None else (json.loads(text),)
    except ValueError as error:
        raise click.BadParameter(f"expected JSON: {error}") from None


def _read_facts(_context: click.Context, _parameter: click.Parameter, facts: tuple[str, ...]) -> dict[str, str]:
    for fact in facts:
        if "=" not in fact:
            raise click.BadParameter(f"expected NAME=VALUE, got {fact!r}")
    return dict(fact.split("=", 1) for fact in facts)


@click.command("notify", epilog=EPILOG, short_help="Say something about the task this runs in.")
@click.option("--ready", is_flag=True, help="It can be used from now on.")
@click.option("--status", metavar="TEXT", help="What goes on, in one line.")
@click.option("--progress", metavar="SHARE", callback=_read_share, help="How far it is: 0.4, 40%, 40 or 2/5.")
@click.option("--phase", metavar="WORD", help="What is being done.")
@click.option("--heartbeat", is_flag=True, help="All is well.")
@click.option("--stopping", is_flag=True, help="It ends.")
@click.option("--extend", metavar="DURATION", callback=read_duration, help="It needs at least so much more time.")
@click.option("--checkpoint", metavar="PATH", help="All until now is saved there.")
@click.option("--metadata", metavar="NAME=VALUE", multiple=True, callback=_read_facts, help="Of that; repeatable.")
@click.option("--session", metavar="ID", help="By this it can be taken up again.")
@click.option("--done", metavar="JSON", callback=_read_result, help="The work is done; this came of it.")
def notify_verb(*, checkpoint: str | None, metadata: dict[str, str], done: tuple[Any] | None, **said: Any) -> int:
    """Say something about the task that this is called in, to whoever looks after it."""
    from procession import child
    from procession.child.reports import checkpoint_fields

    fields = {word: give(said[name]) for name, (word, give) in _WORDS.items() if said[name] not in (None, False)}
    if checkpoint is not None:
        try:
            fields |= checkpoint_fields(checkpoint, metadata)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--metadata") from None
    elif metadata:
        raise click.UsageError("--metadata is of a checkpoint: give --checkpoint, too")
    if not fields and done is None:
        raise click.UsageError("nothing to say; see procession notify --help")
    if fields:
        child.notify(**fields)
    if done is not None:
        child.done(*done)
    return 0


_WORDS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "ready": ("READY", int),
    "stopping": ("STOPPING", int),
    "status": ("STATUS", str),
    "heartbeat": ("WATCHDOG", int),
    "progress": (PROGRESS, "{:.6g}".format),
    "phase": (PHASE, str),
    "extend": ("EXTEND_TIMEOUT_USEC", lambda seconds: int(seconds * 1_000_000)),
    "session": (SESSION, str),
}
"""The assignment that an option becomes."""
