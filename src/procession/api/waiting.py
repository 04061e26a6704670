"""Waiting until tasks are over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from procession.api.call import Call
from procession.api.desk import Desk
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.errors import UnknownTask
from procession.model.selection import Selection
from procession.model.view import TaskView


class Wait(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which tasks, and how long at most."""

    select: Selection
    timeout_s: Annotated[float, Meta(ge=0)] | None = None


class Waited(Struct, frozen=True):
    """The tasks as they stand now, and whether time was up before all were over."""

    tasks: list[TaskView]
    timed_out: bool


async def wait(call: Call) -> Answer:
    """Answer when all are over, or time is up."""
    found = call.desk.find(call.body.select)
    unfinished = [view.id for view in found if not view.is_over]
    ended = await call.unless_ending(_wait_for_all(call.desk, unfinished, call.body.timeout_s))
    # Those that were over already are not asked for again: it may be thousands, each in the store.
    now = {view.id: view for view in (_show(call.desk, unfinished) if ended is None else ended)}
    tasks = [view if view.is_over else now[view.id] for view in found if view.is_over or view.id in now]
    return json_reply(Waited(tasks, timed_out=ended is None))


async def _wait_for_all(desk: Desk, ids: list[str], timeout_s: float | None) -> list[TaskView] | None:
    """Give them when all are over; None: time is up."""
    try:
        async with asyncio.timeout(timeout_s):
            # A task that is removed meanwhile is over, too.
            ended = await asyncio.gather(*map(desk.wait, ids), return_exceptions=True)
    except TimeoutError:
        return None
    return [view for view in ended if isinstance(view, TaskView)]


def _show(desk: Desk, ids: Iterable[str]) -> Iterable[TaskView]:
    for id_ in ids:
        with contextlib.suppress(UnknownTask):
            yield desk.get(id_)


OPERATIONS = (
    Operation(
        name="wait",
        method="POST",
        path="/v1/tasks/wait",
        says="Wait until tasks are over, retries included",
        act=wait,
        body=Wait,
        answer=Waited,
        problems=(404,),
        recording="nothing",
    ),
)
