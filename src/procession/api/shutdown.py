"""Ending the daemon on request."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.model.status import Parting


class Shutdown(Struct, frozen=True, forbid_unknown_fields=True):
    """``kill``: end every task first."""

    kill: bool = False


def operation(part: Callable[[], object]) -> Operation:
    """Give the operation; ``part`` is called when everything is prepared, just before the answer goes out."""

    async def shut_down(call: Call) -> Answer:
        parting = await call.desk.shutdown(kill=call.body.kill)
        part()
        return json_reply(parting)

    return Operation(
        name="shutdown",
        method="POST",
        path="/v1/shutdown",
        says="End the daemon; its tasks go on unless they shall be killed",
        act=shut_down,
        body=Shutdown,
        answer=Parting,
        recording="nothing",
    )
