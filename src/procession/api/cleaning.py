"""Removing ended tasks and their logs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.model.cleaning import Cleaned


class Clean(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ended tasks go that ended longer ago, are not among the newest ``keep``, or whose logs exceed the sum.

    With no bound at all, every ended task goes.
    """

    older_than_s: Annotated[float, Meta(ge=0)] | None = None
    keep: Annotated[int, Meta(ge=0)] | None = None
    max_log_bytes: Annotated[int, Meta(ge=0)] | None = None


async def clean(call: Call) -> Answer:
    """Answer with what was removed."""
    asked = call.body
    done = await call.desk.clean(older_than_s=asked.older_than_s, keep=asked.keep, max_log_bytes=asked.max_log_bytes)
    return json_reply(done)


OPERATIONS = (
    Operation(
        name="clean",
        method="POST",
        path="/v1/clean",
        says="Remove ended tasks and their logs",
        act=clean,
        body=Clean,
        answer=Cleaned,
    ),
)
