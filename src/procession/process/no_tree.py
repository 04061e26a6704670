"""The tree of what was lost with its machine: nobody is in it, and nobody can be."""

from __future__ import annotations

from collections.abc import Callable

from procession.kernel.fork_exec import Child
from procession.model.record import TreeMark


class NoTree:
    """A tree without members."""

    exact = True
    mark = TreeMark()
    leaf = None
    is_frozen = False

    def fork(self, fork: Callable[[], Child]) -> Child:  # noqa: ARG002 - the tree's own
        """Nobody can be born here."""
        raise AssertionError

    def environment(self) -> dict[str, str]:
        """There is nobody to give any."""
        return {}

    def take_leader(self, pid: int) -> None:
        """There is none."""

    def pids(self) -> list[int]:
        """There are none."""
        return []

    def has(self, pid: int) -> bool:  # noqa: ARG002 - whoever it is
        """Nobody is here."""
        return False

    def is_empty(self) -> bool:
        """It is."""
        return True

    def kill(self) -> None:
        """There is nobody to kill."""

    async def freeze(self) -> None:
        """There is nobody to freeze."""

    async def hold(self) -> None:
        """There is nobody to hold."""

    def thaw(self) -> None:
        """There is nobody to thaw."""

    def out_of_memory_kills(self) -> int | None:
        """Nobody counted."""
        return None

    def release(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""
