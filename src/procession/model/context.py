"""The circumstances of whoever submitted a task: what a job would have inherited if it had been started there and then.

A daemon that starts a job hours later gives it these, not its own. Stored once for many tasks; variables are secrets,
and never shown.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Context(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Variables, file mode mask, niceness and soft resource limits (by lower-case name; -1 is unlimited)."""

    env: dict[str, str] = msgspec.field(default_factory=dict)
    cwd: str | None = None
    umask: int | None = None
    nice: int | None = None
    soft: dict[str, int] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        """Show of variables only how many there are: their values may be secrets."""
        return f"Context(cwd={self.cwd!r}, {len(self.env)} variables)"
