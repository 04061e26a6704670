"""Writing to the standard input of a task."""

from __future__ import annotations

from msgspec import Struct, field

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes to write, then perhaps the end of the input."""

    data: bytes = field(default=b"", name="base64")
    end: bool = False


class Nothing(Struct, frozen=True):
    """There is nothing to say."""


async def write_input(call: Call) -> Answer:
    """Answer when the bytes were taken."""
    await call.unless_ending(call.desk.write_input(call.id, call.body.data, call.body.end))
    return json_reply(Nothing())


OPERATIONS = (
    Operation(
        name="write_input",
        method="POST",
        path="/v1/tasks/{id}/input",
        says="Write to the standard input of a task, or close it",
        act=write_input,
        body=Input,
        answer=Nothing,
        problems=(404, 409),
    ),
)
