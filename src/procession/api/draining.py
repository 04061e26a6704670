"""Starting nothing more, and starting again."""

from __future__ import annotations

from msgspec import Struct

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.errors import UsageError
from procession.model.status import Status


class Drain(Struct, frozen=True, forbid_unknown_fields=True):
    """``on``: whether nothing more shall be started; ``suspend``: and all that runs be set aside, for a reboot."""

    on: bool
    suspend: bool = False


async def drain(call: Call) -> Answer:
    """Set it, and answer with the status; when all is set aside, where that was asked for."""
    if call.body.suspend and not call.body.on:
        raise UsageError("what is set aside would be started again at once", field="suspend")
    call.desk.drain(call.body.on)
    if call.body.suspend:
        await call.unless_ending(call.desk.suspend_for_reboot())
    return json_reply(call.desk.status())


OPERATIONS = (
    Operation(
        name="drain",
        method="POST",
        path="/v1/drain",
        says="Start nothing more, or start again; what runs is left alone, or set aside",
        act=drain,
        body=Drain,
        answer=Status,
        recording="nothing",
    ),
)
