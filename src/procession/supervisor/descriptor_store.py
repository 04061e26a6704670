"""Descriptors that an attempt gives into care (FDSTORE of sd_notify(3)), for the next attempt of the same task to have.

A program that is begun anew finds them from number 3 on, as sd_listen_fds(3) has it: an open listening socket, say, so
that no connection is refused meanwhile. Not here: how they come (`procession.process.notices`), and who holds copies.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from procession.wire.frames import close_all

if TYPE_CHECKING:
    from collections.abc import Sequence

STORED_LIMIT: Final = 64
FIRST_NUMBER: Final = 3


class Vault(Protocol):
    """Whoever holds copies that outlive us."""

    def hold(self, name: str, descriptor: int) -> None:
        """Hold a copy under this name."""

    def drop(self, name: str) -> None:
        """Let go of that of this name, or of all if it is empty."""


class _Stored(NamedTuple):
    slot: int
    name: str
    descriptor: int

    @property
    def label(self) -> str:
        """How it is known to the vault."""
        return f"{self.slot}:{self.name}"


class DescriptorStore:
    """The descriptors of one task, which are ours."""

    def __init__(self) -> None:
        self.vault: Vault | None = None
        self._stored: list[_Stored] = []

    def add(self, name: str, descriptors: Sequence[int]) -> None:
        """Take descriptors; what is there already under this name stays one, and what is too much is closed."""
        for descriptor in descriptors:
            if len(self._stored) >= STORED_LIMIT or any(_is_same(each, name, descriptor) for each in self._stored):
                os.close(descriptor)
                continue
            stored = _Stored(max((each.slot for each in self._stored), default=-1) + 1, name, descriptor)
            self._stored.append(stored)
            if self.vault is not None:
                self.vault.hold(stored.label, descriptor)

    def restore(self, label: str, descriptor: int) -> None:
        """Take back what the vault has held."""
        slot, _, name = label.partition(":")
        self._stored.append(_Stored(int(slot), name, descriptor))
        self._stored.sort()

    def remove(self, name: str) -> None:
        """Let go of all of this name."""
        for each in [each for each in self._stored if each.name == name]:
            self._stored.remove(each)
            os.close(each.descriptor)
            if self.vault is not None:
                self.vault.drop(each.label)

    def given(self) -> dict[str, Any]:
        """Say with which fields of a command the next attempt finds them: ``fds``, and variables that tell of them."""
        if not self._stored:
            return {}
        numbers = range(FIRST_NUMBER, FIRST_NUMBER + len(self._stored))
        names = ":".join(each.name for each in self._stored)
        fds = dict(zip(numbers, (each.descriptor for each in self._stored), strict=True))
        return {"fds": fds, "env": {"LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": names}}

    def close(self) -> None:
        """Let go of all, in the vault, too: the task is over."""
        if self._stored and self.vault is not None:
            self.vault.drop("")
        self.leave()

    def leave(self) -> None:
        """Let go of our own copies."""
        close_all(each.descriptor for each in self._stored)
        self._stored.clear()


def _is_same(known: _Stored, name: str, descriptor: int) -> bool:
    """Whether it is the same again: what was said just before a crash is said twice."""
    return known.name == name and os.path.sameopenfile(known.descriptor, descriptor)
