"""How the daemon does."""

from __future__ import annotations

from procession.api.call import Call
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.model.status import Status


async def show_status(call: Call) -> Answer:
    """Answer with the state of the daemon, its processes, and tasks by state."""
    return json_reply(call.desk.status())


OPERATIONS = (
    Operation(
        name="status", method="GET", path="/v1/status", says="How the daemon does", act=show_status, answer=Status
    ),
)
