"""Variables that tell a program under a supervisor's care who it is, and where it says that it is done.

They are for that program alone: one that starts others does not pass them on.
"""

from __future__ import annotations

TASK = "PROCESSION_TASK"
ATTEMPT = "PROCESSION_ATTEMPT"
MARKER = "PROCESSION_MARKER"

SLOTS_PREFIX = "PROCESSION_SLOTS_"
"""With the name of a token behind it, in capitals: which numbers of it the program has, like ``0,2``."""

DEVICES = "CUDA_VISIBLE_DEVICES"
"""Not ours, but the vendor's: which devices the program shall use."""

NOTIFY_SOCKET = "NOTIFY_SOCKET"
"""Not ours, but sd_notify(3)'s."""
