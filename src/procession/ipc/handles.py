"""Descriptors that travel with a message, as Node calls them: handles. Not here: sending them."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from typing import Any

from procession.errors import InvalidMessage
from procession.wire.handles import describe
from procession.wire.node_ipc import HANDLE

Handle = socket.socket | int
"""A socket, or the number of another open descriptor."""


def wrap(message: Any, handle: Handle) -> dict[str, Any]:
    """Give the internal message that carries ``message`` with ``handle``. Raises: InvalidMessage: it is not open."""
    return {"cmd": HANDLE, "msg": message, **describe(handle)}


def duplicate(handle: Handle) -> int:
    """Give a descriptor of our own, to be sent when its turn comes. Raises: InvalidMessage: it is not open."""
    try:
        return os.dup(handle if isinstance(handle, int) else handle.fileno())
    except OSError as error:
        raise InvalidMessage(f"the handle cannot be sent: {error.strerror}") from None


def adopt(descriptor: int) -> Handle:
    """Give what came: a socket if it is one, else the descriptor. It is whoever's who takes it."""
    return socket.socket(fileno=descriptor) if stat.S_ISSOCK(os.fstat(descriptor).st_mode) else descriptor


def dispose(handle: Handle | None) -> None:
    """Close what nobody took."""
    with contextlib.suppress(OSError):
        if isinstance(handle, int):
            os.close(handle)
        elif handle is not None:
            handle.close()
