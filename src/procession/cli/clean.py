"""`procession clean`: forget old tasks, and make room."""

from __future__ import annotations

import click

from procession.cli.asking import ask_daemon, json_option
from procession.cli.parameters import read_duration, read_size

EPILOG = """\b
Examples:
  procession clean --older-than 7d
  procession clean --keep 1000 --max-log-size 1GB

\b
Only tasks that have ended are forgotten, the oldest first, with their logs.

\b
Exit status: 0; 4 no daemon; 75 the store cannot be written now; 2 for a wrong use.
"""


@click.command("clean", epilog=EPILOG, short_help="Forget old tasks.")
@click.option("--older-than", metavar="DURATION", callback=read_duration, help="What ended longer ago than this.")
@click.option("--keep", metavar="N", type=click.IntRange(min=0), help="All but the newest N.")
@click.option("--max-log-size", metavar="SIZE", callback=read_size, help="Until the logs take no more than this.")
@json_option
def clean_verb(*, older_than: float | None, keep: int | None, max_log_size: int | None, as_json: bool) -> int:
    """Forget tasks that have ended, and remove their logs."""
    from procession.cli.telling import print_json
    from procession.model.units import format_size

    if older_than is None and keep is None and max_log_size is None:
        raise click.UsageError("say what may go: --older-than, --keep or --max-log-size")
    with ask_daemon() as client:
        cleaned = client.clean(older_than_s=older_than, keep=keep, max_log_bytes=max_log_size)
    if as_json:
        print_json({"removed": list(cleaned.removed), "freed_bytes": cleaned.freed_bytes})
    else:
        tasks = "1 task" if len(cleaned.removed) == 1 else f"{len(cleaned.removed)} tasks"
        print(f"{tasks} removed, {format_size(cleaned.freed_bytes)} freed")
    return 0
