"""Giving a task something: bytes on its standard input, messages and questions through its channel."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes to write, then perhaps the end of the input."""

    data: bytes = field(default=b"", name="base64")
    end: bool = False


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything that JSON has."""

    message: Any


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, to be answered within ``timeout_s`` seconds."""

    message: Any
    timeout_s: Annotated[float, Meta(gt=0)] | None = None


class Answered(Struct, frozen=True):
    """What the task answers."""

    answer: Any


class Nothing(Struct, frozen=True):
    """There is nothing to say."""


async def write_input(call: Call) -> Answer:
    """Answer when the bytes were taken."""
    await call.unless_ending(call.desk.write_input(call.id, call.body.data, call.body.end))
    return json_reply(Nothing())


async def send_message(call: Call) -> Answer:
    """Answer when the message is with the kernel, and will be read by the task whatever becomes of us."""
    await call.unless_ending(call.desk.send(call.id, call.body.message))
    return json_reply(Nothing())


async def ask(call: Call) -> Answer:
    """Answer what the task answers."""
    answer = await call.unless_ending(call.desk.request(call.id, call.body.message, timeout_s=call.body.timeout_s))
    return json_reply(Answered(answer))


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
    Operation(
        name="send_message",
        method="POST",
        path="/v1/tasks/{id}/messages",
        says="Send a message through the channel of a task",
        act=send_message,
        body=Message,
        answer=Nothing,
        problems=(404, 409),
    ),
    Operation(
        name="ask",
        method="POST",
        path="/v1/tasks/{id}/requests",
        says="Ask a task through its channel",
        act=ask,
        body=Question,
        answer=Answered,
        problems=(404, 409, 504),
        recording="nothing",
    ),
)
