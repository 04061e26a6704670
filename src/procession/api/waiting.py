"""Waiting until tasks are over, or can be used."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from procession.api.call import Call
from procession.api.desk import Desk
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.errors import UnknownTask, UsageError
from procession.model.selection import Selection
from procession.model.view import TaskView


class Wait(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which tasks, how long at most, and for what: until they are over, or ``ready``, if they ever are."""

    select: Selection
    until: Literal["over", "ready"] = "over"
    timeout_s: Annotated[float, Meta(ge=0)] | None = None


class Waited(Struct, frozen=True):
    """The tasks as they stand now, and whether time was up before that."""

    tasks: list[TaskView]
    timed_out: bool


async def wait(call: Call) -> Answer:
    """Answer when all have come so far, or time is up."""
    found = call.desk.find(call.body.select)
    awaited = [view.id for view in found if not view.is_over]
    wait_for = call.desk.wait_ready if call.body.until == "ready" else call.desk.wait
    arrived = await call.unless_ending(_wait_for_all(wait_for, awaited, call.body.timeout_s))
    # Those that were over already are not asked for again: it may be thousands, each in the store.
    now = {view.id: view for view in (_show(call.desk, awaited) if arrived is None else arrived)}
    tasks = [view if view.is_over else now[view.id] for view in found if view.is_over or view.id in now]
    return json_reply(Waited(tasks, timed_out=arrived is None))


async def _wait_for_all(
    wait_for: Callable[[str], Awaitable[TaskView]], ids: list[str], timeout_s: float | None
) -> list[TaskView] | None:
    """Give them when all have come so far; None: time is up. Raises: UsageError: one never can."""
    try:
        async with asyncio.timeout(timeout_s):
            arrived = await asyncio.gather(*map(wait_for, ids), return_exceptions=True)
    except TimeoutError:
        return None
    for each in arrived:
        if isinstance(each, UsageError):
            raise each
    # A task that is removed meanwhile is over, too.
    return [view for view in arrived if isinstance(view, TaskView)]


def _show(desk: Desk, ids: Iterable[str]) -> Iterable[TaskView]:
    for id_ in ids:
        with contextlib.suppress(UnknownTask):
            yield desk.get(id_)


OPERATIONS = (
    Operation(
        name="wait",
        method="POST",
        path="/v1/tasks/wait",
        says="Wait until tasks are over, retries included, or ready",
        act=wait,
        body=Wait,
        answer=Waited,
        problems=(404,),
        recording="nothing",
    ),
)
