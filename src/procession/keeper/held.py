"""Descriptors held for the supervisor, so that a pipe or a terminal outlives it; handed out in every greeting.

Not here: what they are. Nobody reads or writes them here.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class HeldDescriptors:
    """Descriptors by task and name."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._fds: dict[tuple[int, bytes], int] = {}

    def hold(self, key: int, name: bytes, fd: int) -> None:
        """Hold one; one of the same name is let go."""
        self._close(key, name)
        self._fds[key, name] = fd

    def drop(self, key: int, name: bytes) -> None:
        """Let go of one, or of all of a task if the name is empty."""
        for each in [known for known in self._fds if known == (key, name) or (known[0] == key and not name)]:
            self._close(*each)

    def find(self, key: int, name: bytes) -> int | None:
        """Give the descriptor; it stays ours."""
        return self._fds.get((key, name))

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Give whose and how they are named."""
        return iter(list(self._fds))

    def _close(self, key: int, name: bytes) -> None:
        fd = self._fds.pop((key, name), None)
        if fd is not None:
            os.close(fd)
