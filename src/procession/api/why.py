"""Why a task waits, or why it runs."""

from __future__ import annotations

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.model.why import Why


async def show_why(call: Call) -> Answer:
    """Answer with the last word of the admission policy about it."""
    return json_reply(call.desk.why(call.id))


OPERATIONS = (
    Operation(
        name="why",
        method="GET",
        path="/v1/tasks/{id}/why",
        says="Why a task waits, or why it was let in, and what it is expected to take",
        act=show_why,
        answer=Why,
        problems=(404,),
    ),
)
