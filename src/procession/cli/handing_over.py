"""Handing tasks to the daemon and printing their ids: what `submit` does, and `run` and `up` with `--detach`."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import click

from procession.cli.asking import ask_daemon

if TYPE_CHECKING:
    from collections.abc import Iterable

    from procession.client.client import Client
    from procession.model.task import Task
    from procession.model.taskfile import TaskFile


def hand_over(
    tasks: list[Task],
    *,
    start: bool = True,
    replace: bool = False,
    as_json: bool = False,
    spool: bool = False,
    now: bool = False,
) -> int:
    """Give the daemon the tasks, all or none, and print their ids; with ``spool``, they read what we are given."""
    from procession.cli.telling import print_json

    with ask_daemon(start=start) as client:
        spooled = _spool(client.status().home) if spool else None
        ids = _submit(client, _with_stdin(tasks, spooled), spooled, replace=replace, now=now)
    print_json({"ids": ids}) if as_json else print("\n".join(ids))
    return 0


def tasks_of(task_file: TaskFile) -> list[Task]:
    """Give its tasks; say so if the file wants limits, as those of the daemon hold for what all files want."""
    from procession.cli.complaints import remark
    from procession.model.pool import PoolSettings

    if task_file.pool != PoolSettings():
        remark("the [pool] of the file does not count here: the daemon's own does, in config.toml of its home")
    return list(task_file.tasks)


def refuse_with_detach(context: click.Context, names: Iterable[str], because: str) -> None:
    """Refuse options, by the names of their parameters, that mean nothing to the daemon. Raises: click.UsageError."""
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in names and context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"{parameter.opts[0]} does not go with --detach: {because}", context)


def _submit(client: Client, tasks: list[Task], spooled: str | None, *, replace: bool, now: bool) -> list[str]:
    try:
        return client.submit_all(tasks, replace=replace, now=now)
    except BaseException:
        if spooled is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(spooled)
        raise


def _spool(home: str) -> str:
    """Lay our standard input where the daemon takes it over with the task, which may start much later."""
    import shutil
    import tempfile

    descriptor, path = tempfile.mkstemp(dir=f"{home}/spool")
    with open(descriptor, "wb") as file, open(0, "rb", closefd=False) as ours:
        shutil.copyfileobj(ours, file)
    return path


def _with_stdin(tasks: list[Task], spooled: str | None) -> list[Task]:
    if spooled is None:
        return tasks
    from msgspec.structs import replace

    from procession.model.stdio import File

    return [replace(each, command=each.command.replace(stdin=File(spooled))) for each in tasks]
