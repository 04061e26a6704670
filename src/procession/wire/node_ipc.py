"""The message channel on the wire: one JSON text per line over a stream socket, as Node.js speaks it with its children.

Both ends of ours (`procession.ipc`, `procession.child`) and Node itself agree on what stands here; the standard library
is enough for it. Source: nodejs/node, lib/internal/child_process.js and lib/internal/child_process/serialization.js.
Not here: reading and writing.
"""

from __future__ import annotations

CHANNEL_FD = "NODE_CHANNEL_FD"
SERIALIZATION_MODE = "NODE_CHANNEL_SERIALIZATION_MODE"

MESSAGE_LIMIT_BYTES = 64 << 20

HANDLE, HANDLE_ACK, HANDLE_NACK = "NODE_HANDLE", "NODE_HANDLE_ACK", "NODE_HANDLE_NACK"
RETRANSMISSIONS = 3
"""How often a handle is sent again that did not arrive."""

REQUEST, ANSWER, REFUSAL, BODY = "$request", "$answer", "$refusal", "$body"
"""Our own envelope for asking and answering: ``{"$request": 7, "$body": …}``, ``{"$answer": 7, "$body": …}``, or
``{"$answer": 7, "$refusal": "why"}``. Any program may speak it; the number is the asking side's own."""

CHECKPOINT = "$checkpoint"
"""``{"$checkpoint": …}``: the program shall save where it stands, and say so (``X_CHECKPOINT``)."""

_PREFIX = "NODE_"


def is_internal(message: object) -> bool:
    """Whether Node keeps this message to itself: an object whose ``cmd`` begins with NODE_ and is longer than that."""
    if not isinstance(message, dict):
        return False
    command = message.get("cmd")
    return isinstance(command, str) and len(command) > len(_PREFIX) and command.startswith(_PREFIX)
