"""`procession ls`: what the daemon has. All forms of its options; ``quick_ls`` has answered the simple ones before."""

from __future__ import annotations

import click

from procession.cli.asking import json_option
from procession.cli.selecting import complete_task

EPILOG = """\b
Examples:
  procession ls                              the newest 1,000
  procession ls --state running              what runs
  procession ls 'thumb-*' --group night      by name, by group
  procession ls -a --json | jq '.tasks[].id'

\b
Exit status: 0; 3 no such task; 4 no daemon; 2 for a wrong use.
"""
STATES = ("queued", "starting", "running", "suspended", "stopping", "ended")


@click.command("ls", epilog=EPILOG, short_help="List tasks.")
@click.argument("words", metavar="[TASK]...", nargs=-1, shell_complete=complete_task)
@click.option("--group", "groups", metavar="NAME", multiple=True, help="Of a group; repeatable.")
@click.option("-a", "--all", "everything", is_flag=True, help="Every task, however many there are.")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="In a state; repeatable.")
@click.option("-n", "--limit", metavar="N", type=click.IntRange(min=1), help="Only the newest N.")
@json_option
def ls_verb(
    *,
    words: tuple[str, ...],
    groups: tuple[str, ...],
    everything: bool,
    states: tuple[str, ...],
    limit: int | None,
    as_json: bool,
) -> int:
    """List tasks, the newest last: how each stands, for how long, why it waits or how it ended."""
    from procession.cli.quick_ls import Refused, list_tasks, query_of

    pairs = query_of(words, groups, states, limit, everything=everything)
    try:
        return list_tasks(pairs, as_json)
    except BrokenPipeError:
        raise
    except (OSError, Refused) as problem:
        _explain(problem)
    return list_tasks(pairs, as_json)


def _explain(problem: Exception) -> None:
    """Raise what kept the list from us. It may be gone by now: then there is nothing to raise."""
    from procession.cli.asking import ask_daemon
    from procession.client.http import Reply
    from procession.client.problems import check

    status = getattr(problem, "status", 0)
    if status:
        check(Reply(status=status, content_type="", body=getattr(problem, "body", b"")))
    with ask_daemon() as client:
        client.status()
