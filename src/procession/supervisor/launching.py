"""From a task to the block in which its next attempt runs, for supervisors that write nothing down."""

from __future__ import annotations

from collections.abc import Callable

from procession.supervisor.entry import Entry
from procession.supervisor.equipment import equipped
from procession.supervisor.launcher import Block, Launcher

Launch = Callable[[Entry], Block]
"""Gives the block in which the next attempt of a task runs."""


def launching(launcher: Launcher | None) -> Launch:
    """Start the command of each task with ``launcher``; as children of this process without one."""
    if launcher is None:
        from procession.process.spawn import spawn  # noqa: PLC0415 - who brings a launcher needs no process room

        launcher = spawn
    start = launcher
    return lambda entry: start(equipped(entry))
