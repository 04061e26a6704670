"""Starting nothing more, and starting again."""

from __future__ import annotations

from msgspec import Struct

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.model.status import Status


class Drain(Struct, frozen=True, forbid_unknown_fields=True):
    """``on``: whether nothing more shall be started."""

    on: bool


async def drain(call: Call) -> Answer:
    """Set it, and answer with the status."""
    call.desk.drain(call.body.on)
    return json_reply(call.desk.status())


OPERATIONS = (
    Operation(
        name="drain",
        method="POST",
        path="/v1/drain",
        says="Start nothing more, or start again; what runs is left alone",
        act=drain,
        body=Drain,
        answer=Status,
        recording="nothing",
    ),
)
