"""What a verb that acts on tasks tells: a line for each (its id and what it is now), and what failed, on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.cli.asking import ask_daemon
from procession.cli.complaints import complain
from procession.cli.exit_codes import NO_SUCH_TASK, OK, TASK_FAILED
from procession.cli.jsonl import encoder
from procession.cli.text import show_safely
from procession.model.text import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from procession.client.answers import Acted
    from procession.client.client import Client
    from procession.model.view import TaskView


def act_and_tell(act: Callable[[Client], Acted], *, as_json: bool, now: str | None = None) -> int:
    """Do it and tell it; ``now`` is what they are, where the daemon no longer knows them."""
    with ask_daemon() as client:
        acted = act(client)
    if as_json:
        print_tasks(acted.tasks)
    else:
        for view in acted.tasks:
            print(f"{show_safely(view.id)}  {now or describe(view)}")
    for problem in acted.problems:
        complain(problem.message, problem.hint)
    if not acted.problems:
        return OK
    nothing_found = not acted.tasks and all(each.code == "unknown_task" for each in acted.problems)
    return NO_SUCH_TASK if nothing_found else TASK_FAILED


def describe(view: TaskView) -> str:
    """Say in a few words how a task stands, and why."""
    if view.outcome is not None:
        return show_safely(f"ended: {view.outcome.message or view.outcome.kind.value}")
    if view.waiting:
        return show_safely(f"{view.state.value}: {view.waiting.removeprefix('waiting: ')}")
    return view.state.value


def print_tasks(views: Iterable[TaskView]) -> None:
    """Print tasks for programs, in the form of `ls --json`."""
    print_json({"tasks": [view.as_dict() for view in views]})


def print_json(value: object) -> None:
    """Print one JSON value on a line of its own."""
    print(encoder.encode(encodable(value)).decode())
