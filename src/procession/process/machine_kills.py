"""Whether the kernel killed anybody for want of memory since a tree began: what is left where it counts for no tree.

Source: ``oom_kill`` of ``/proc/vmstat`` (Linux 4.13), which counts for the whole machine. Where it did not move, nobody
was killed so; where it did, it may have been anybody.
"""

from __future__ import annotations

import time
from typing import Final

from procession.kernel.machine_memory import out_of_memory_kills

_FRESH_S: Final = 1.0
"""Trees that begin within a second share a look: an older one only leaves more unknown."""


class MachineKills:
    """Counts from now on, or from a moment before."""

    _looked_at = -_FRESH_S
    _latest: int | None = None

    def __init__(self) -> None:
        now = time.monotonic()
        if now - MachineKills._looked_at >= _FRESH_S:
            MachineKills._looked_at, MachineKills._latest = now, out_of_memory_kills()
        self._before = MachineKills._latest

    def since(self) -> int | None:
        """Give 0 if there were none anywhere; None if there were, or nobody counts."""
        now = out_of_memory_kills()
        return 0 if now is not None and now == self._before else None
