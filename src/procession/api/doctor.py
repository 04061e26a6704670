"""Which guarantees hold here."""

from __future__ import annotations

from msgspec import Struct

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.model.finding import Finding


class Findings(Struct, frozen=True):
    """One finding for each guarantee."""

    checks: list[Finding]


async def examine(call: Call) -> Answer:
    """Answer with what holds, and what to do about the rest."""
    return json_reply(Findings(call.desk.checks()))


OPERATIONS = (
    Operation(
        name="doctor",
        method="GET",
        path="/v1/doctor",
        says="Which guarantees hold here, and what to do about the rest",
        act=examine,
        answer=Findings,
    ),
)
