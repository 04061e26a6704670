"""What tasks have saved of their work: asking for it, and looking at it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from msgspec import Struct

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.problems import set_apart
from procession.api.reply import Answer, json_reply
from procession.api.selection import Select
from procession.model.checkpoint import Checkpoint, SaveReport


class Saved(Struct, frozen=True):
    """What came of asking each, and a problem (with ``task``) for each that could not be asked at all."""

    reports: list[SaveReport]
    problems: list[dict[str, Any]]


class Checkpoints(Struct, frozen=True):
    """What a task has saved, the newest first."""

    checkpoints: list[Checkpoint]


async def checkpoint(call: Call) -> Answer:
    """Ask all that are selected at once, and answer when each has, or its time to do so is up."""
    views = call.desk.find(call.body.select)
    asking = (call.desk.checkpoint(view.id) for view in views)
    done = await call.unless_ending(_gathered(*asking))
    return json_reply(Saved(*set_apart(views, done, SaveReport)))


async def list_checkpoints(call: Call) -> Answer:
    """Answer with what is kept."""
    return json_reply(Checkpoints(call.desk.checkpoints(call.id)))


async def _gathered(*asking: Awaitable[SaveReport]) -> list[SaveReport | BaseException]:
    return await asyncio.gather(*asking, return_exceptions=True)


OPERATIONS = (
    Operation(
        name="checkpoint",
        method="POST",
        path="/v1/tasks/checkpoint",
        says="Have tasks save their work",
        act=checkpoint,
        body=Select,
        answer=Saved,
        problems=(404,),
        recording="nothing",
    ),
    Operation(
        name="list_checkpoints",
        method="GET",
        path="/v1/tasks/{id}/checkpoints",
        says="What a task has saved of its work, the newest first",
        act=list_checkpoints,
        answer=Checkpoints,
        problems=(404,),
    ),
)
