"""ACCEPTS: from what was submitted to tasks under care, described as they will run, wherever that is.

All that is wrong with them is said here, before any of them is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.errors import InvalidTask, NoRoom, UsageError
from procession.kernel.memory_group import can_confine
from procession.model.event import Submitted
from procession.model.state import State
from procession.model.view import view_of
from procession.policy.tokens import wanted
from procession.supervisor.entry import Entry
from procession.supervisor.place import placed, placed_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from procession.model.context import Context
    from procession.model.task import Task
    from procession.supervisor.conductor import Conductor
    from procession.supervisor.registry import Registry


def accept_all(
    conductor: Conductor,
    given: Sequence[Task],
    context: Context | None,
    *,
    replace: bool,
    remove: Callable[[str], object],
) -> list[Entry]:
    """Take all under care or none; they start when they may. Raises: InvalidTask."""
    for each in given:
        check_need(conductor, each)
        conductor.continuing.agents.check(each)
    replaced = replaced_by(given, conductor.registry) if replace else ()
    ids = conductor.registry.name_all(given, free=replaced)
    for id_ in replaced:
        remove(id_)
    entries = [accept(conductor, id_, each, context) for id_, each in ids]
    for entry in entries:
        conductor.record(
            Submitted(at=entry.view.submitted_at, command=entry.view.command).of(entry.id, entry.view.attempt)
        )
        conductor.settle_later(entry, entry.task.delay_s)
    return entries


def check_single(given: Sequence[Task]) -> None:
    """Refuse to start several at once or none. Raises: UsageError."""
    if len(given) != 1:
        message = f"only one task at a time can be started now or not at all, got {len(given)}"
        raise UsageError(message, hint="submit them one by one, or let them wait")


def start_now_or_never(conductor: Conductor, entry: Entry) -> None:
    """Have ``entry`` start now; else it is as if it had never been submitted. Raises: NoRoom."""
    conductor.decide_now()
    if entry.view.state is State.QUEUED:
        reason = conductor.gate.why(entry) or entry.view.waiting or "it cannot start yet"
        conductor.withdraw(entry)
        raise NoRoom(reason.removeprefix("waiting: "))


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


def check_need(conductor: Conductor, given: Task) -> None:
    """Refuse a task that could never start, or never be held to its limit, here. Raises: InvalidTask."""
    if given.contain and not can_confine():
        hint = "`procession doctor` says more"
        raise InvalidTask("contain", "needs a control group for memory that we may write; there is none", hint=hint)
    totals = conductor.gate.tokens.totals
    for name, count in wanted(given.need).items():
        if count > totals.get(name, 0):
            have = f"there are {totals[name]}" if name in totals else "nothing is called so here"
            known = ", ".join(sorted(totals)) or "none"
            hint = f"[pool] tokens names what there is: {known}"
            raise InvalidTask(f"need.tokens[{name!r}]", f"is {count}, but {have}", hint=hint)


def replaced_by(tasks: Iterable[Task], registry: Registry) -> tuple[str, ...]:
    """Give the tasks that are over and have a name that is wanted again."""
    known = (registry.find(each.name) for each in tasks if each.name is not None)
    return tuple(entry.id for entry in known if entry is not None and entry.view.is_over)
