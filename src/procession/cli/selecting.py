"""The same selectors for every verb: ids, names and globs, groups, or all; and their completion from the daemon."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_LIMIT = 1000


def complete_task(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the tasks of the daemon; nothing, silently, when there is none."""
    from procession.client.client import Client

    try:
        with Client(patience_s=0.0) as client:
            views = client.list(limit=_LIMIT)
    except Exception:  # noqa: BLE001 - in the middle of a command line there is no place for a complaint
        return []
    return [view.id for view in reversed(views) if view.id.startswith(incomplete)]


task_argument = click.argument("task", metavar="TASK", shell_complete=complete_task)


def select_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add TASK..., ``--group`` and ``--all``; the verb gets them as the keyword arguments of a client's words."""

    @functools.wraps(function)
    def with_selection(*, words: tuple[str, ...], groups: tuple[str, ...], all_tasks: bool, **options: Any) -> Any:
        if not (words or groups or all_tasks):
            raise click.UsageError("no task was named: give ids, names or globs, --group NAME, or --all")
        if all_tasks and (words or groups):
            raise click.UsageError("--all is every task already: leave out the names and groups, or --all")
        return function(words=words, select={"groups": groups, "all_tasks": all_tasks}, **options)

    with_all = click.option("--all", "all_tasks", is_flag=True, help="Every task.")(with_selection)
    with_group = click.option("--group", "groups", metavar="NAME", multiple=True, help="A group; repeatable.")(with_all)
    return click.argument("words", metavar="[TASK]...", nargs=-1, shell_complete=complete_task)(with_group)
