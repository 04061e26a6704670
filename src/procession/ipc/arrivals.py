"""What may arrive in the place of a plain message. Not here: how it arrives (`channel`)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from procession.ipc.handles import Handle, dispose

LARGE_BYTES: Final = 1 << 16
"""A message of which more is kept in a file is not shown to everybody."""


class LargeMessage(NamedTuple):
    """Instead of a message that is kept in a file, and too large to be given to everybody who listens."""

    size_bytes: int


class WithHandle:
    """A message that came with something."""

    __slots__ = ("handle", "message")

    def __init__(self, message: Any, handle: Handle) -> None:
        self.message = message
        self.handle = handle

    def give(self, *, handles: bool) -> Any:
        """Give both, or close what nobody wants."""
        if handles:
            return self.message, self.handle
        dispose(self.handle)
        return self.message
