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
    ids = [view.id for view in call.desk.find(call.body.select)]
    is_over = await call.unless_ending(_wait_for_all(call.desk, ids, call.body.timeout_s))
    return json_reply(Waited(list(_show(call.desk, ids)), not is_over))


async def _wait_for_all(desk: Desk, ids: list[str], timeout_s: float | None) -> bool:
    unfinished = [each.id for each in _show(desk, ids) if not each.is_over]
    if not unfinished:
        return True
    try:
        async with asyncio.timeout(timeout_s):
            # A task that is removed meanwhile is over, too.
            await asyncio.gather(*map(desk.wait, unfinished), return_exceptions=True)
    except TimeoutError:
        return False
    return True


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
