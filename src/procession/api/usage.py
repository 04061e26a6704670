"""What a task used over time."""

from __future__ import annotations

from msgspec import Struct

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.model.usage import UsageHistory


class UsageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``pss``: look, too, at how its memory is shared, which takes the kernel a while."""

    pss: bool = False


async def show_usage(call: Call) -> Answer:
    """Answer with its samples."""
    query: UsageQuery = call.query
    return json_reply(call.desk.usage(call.id, pss=query.pss))


OPERATIONS = (
    Operation(
        name="usage",
        method="GET",
        path="/v1/tasks/{id}/usage",
        says="What a task used over time: recent samples exactly, older ones thinned out",
        act=show_usage,
        query=UsageQuery,
        answer=UsageHistory,
        problems=(404,),
    ),
)
