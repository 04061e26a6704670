"""ACCEPTS: from what was submitted to a task under care, described as it will run, wherever that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.model.view import view_of
from procession.supervisor.entry import Entry
from procession.supervisor.place import placed, placed_task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from procession.model.context import Context
    from procession.model.task import Task
    from procession.supervisor.conductor import Conductor
    from procession.supervisor.registry import Registry


def accept(conductor: Conductor, id_: str, given: Task, context: Context | None) -> Entry:
    """Take a task under care. Raises: InvalidTask: what it prints cannot be kept."""
    ledger = conductor.ledger
    command, cwd = placed(given.command, context.cwd if context else None)
    command = ledger.place(id_, command)
    view = view_of(given, id_, cwd, conductor.clock.time())
    entry = Entry(placed_task(given, command, cwd), view, ledger.next_number(), context)
    conductor.accept(entry)
    ledger.accept(entry)
    return entry


def replaced_by(tasks: Iterable[Task], registry: Registry) -> tuple[str, ...]:
    """Give the tasks that are over and have a name that is wanted again."""
    known = (registry.find(each.name) for each in tasks if each.name is not None)
    return tuple(entry.id for entry in known if entry is not None and entry.view.is_over)
