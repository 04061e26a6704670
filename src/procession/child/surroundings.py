"""Who looks after us, as our environment has it. Read once, when the first of this room is imported.

The channel's variables are taken out of the environment, and its descriptor closes on exec: what we start must not
speak for us. The address for notices stays: what we start may say something about the whole of us.
"""

from __future__ import annotations

import os

from procession.wire.node_ipc import CHANNEL_FD, SERIALIZATION_MODE
from procession.wire.variables import ATTEMPT, MARKER, NOTIFY_SOCKET, TASK

channel_mode = os.environ.pop(SERIALIZATION_MODE, "") or "json"
task = os.environ.get(TASK)
attempt = os.environ.get(ATTEMPT)
marker = os.environ.get(MARKER)
notify_socket = os.environ.get(NOTIFY_SOCKET)


def _take_channel() -> int | None:
    """Give the number of our end of a channel, if it is one."""
    number = os.environ.pop(CHANNEL_FD, "")
    if not (number.isascii() and number.isdigit()):
        return None
    try:
        os.set_inheritable(int(number), False)
    except (OSError, OverflowError):
        return None
    return int(number)


channel_fd = _take_channel()


def supervised() -> bool:
    """Whether anybody looks after this program who listens to what it says."""
    return bool(notify_socket or task) or channel_fd is not None
