"""What is done to tasks that exist. Each verb answers when its effect is there, for all that were selected.

What fails for one does not hold back the others: it is a problem beside the tasks. Not here: waiting, and input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from msgspec import Meta, Struct

from procession.api.call import Call
from procession.api.desk import Desk, Scope
from procession.api.operation import Operation, Recording
from procession.api.problems import set_apart
from procession.api.reply import Answer, json_reply
from procession.api.selection import Select
from procession.errors import ProcessionError
from procession.model.selection import Selection
from procession.model.signals import signal_or_probe
from procession.model.view import TaskView

Verb = Callable[[Desk, TaskView, Any], Awaitable[TaskView]]
PromptVerb = Callable[[Desk, TaskView], TaskView]
"""One that waits for nothing: its effect and a reply noted for it are one transaction."""


class Stop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tasks, and how long they may take to end by themselves; else as each was submitted."""

    select: Selection
    grace_s: Annotated[float, Meta(ge=0)] | None = None


class Suspend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tasks; ``checkpoint``: they save their work first; ``release``: they do, and keep no process."""

    select: Selection
    release: bool = False
    checkpoint: bool = False


class Signal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tasks, which signal, and to whom of each."""

    select: Selection
    signal: int | str
    scope: Scope = "leader"

    def __post_init__(self) -> None:
        """Raise InvalidSignal for what is none."""
        signal_or_probe(self.signal)


class Acted(Struct, frozen=True):
    """The tasks after it, and a problem (with ``task``) for each for which it failed."""

    tasks: list[TaskView]
    problems: list[dict[str, Any]]


async def stop(desk: Desk, view: TaskView, body: Stop) -> TaskView:
    """End politely."""
    return await desk.stop(view.id, grace_s=body.grace_s)


async def kill(desk: Desk, view: TaskView, _body: Select) -> TaskView:
    """End at once, the whole tree."""
    return await desk.kill(view.id)


async def signal(desk: Desk, view: TaskView, body: Signal) -> TaskView:
    """Send one signal."""
    return await desk.signal(view.id, body.signal, body.scope)


async def suspend(desk: Desk, view: TaskView, body: Suspend) -> TaskView:
    """Pause."""
    return await desk.suspend(view.id, release=body.release, checkpoint=body.checkpoint)


async def resume(desk: Desk, view: TaskView, _body: Select) -> TaskView:
    """Let run on, or go on from a checkpoint."""
    return await desk.resume(view.id)


def retry(desk: Desk, view: TaskView) -> TaskView:
    """Queue a further attempt."""
    return desk.retry(view.id)


def remove(desk: Desk, view: TaskView) -> TaskView:
    """Forget; the task is shown as it was."""
    desk.remove(view.id)
    return view


def _lasting(name: str, verb: Verb, says: str, body: Any = Select, recording: Recording = "nothing") -> Operation:
    async def act(call: Call) -> Answer:
        views = call.desk.find(call.body.select)
        done = await call.unless_ending(_attempt_all(verb, call.desk, views, call.body))
        return _answer(views, done)

    return _operation(name, says, act, body, recording)


def _prompt(name: str, verb: PromptVerb, says: str) -> Operation:
    async def act(call: Call) -> Answer:
        views = call.desk.find(call.body.select)
        return _answer(views, [_attempt(verb, call.desk, view) for view in views])

    return _operation(name, says, act, Select, "reply")


async def _attempt_all(verb: Verb, desk: Desk, views: list[TaskView], body: Any) -> list[TaskView | BaseException]:
    return await asyncio.gather(*(verb(desk, view, body) for view in views), return_exceptions=True)


def _attempt(verb: PromptVerb, desk: Desk, view: TaskView) -> TaskView | BaseException:
    try:
        return verb(desk, view)
    except ProcessionError as error:
        return error


def _answer(views: list[TaskView], done: list[TaskView | BaseException]) -> Answer:
    return json_reply(Acted(*set_apart(views, done, TaskView)))


def _operation(
    name: str, says: str, act: Callable[[Call], Awaitable[Answer]], body: Any, recording: Recording
) -> Operation:
    return Operation(
        name=name,
        method="POST",
        path=f"/v1/tasks/{name}",
        says=says,
        act=act,
        body=body,
        answer=Acted,
        problems=(404,),
        recording=recording,
    )


OPERATIONS = (
    _lasting("stop", stop, "End tasks politely, and insist after the grace", Stop),
    _lasting("kill", kill, "End tasks and their whole trees at once"),
    _lasting("signal", signal, "Send one signal", Signal, "reply"),
    _lasting("suspend", suspend, "Pause tasks, or have them save their work and end until they are resumed", Suspend),
    _lasting("resume", resume, "Let paused tasks run on; others go on from what they have saved"),
    _prompt("retry", retry, "Queue a further attempt of ended tasks"),
    _prompt("remove", remove, "Forget ended tasks, and remove their logs"),
)
