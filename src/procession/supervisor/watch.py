"""Who looks after one attempt for something that is not known yet, as a port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from procession.model.event import Event


class Watch(Protocol):
    """Is told what happens to the attempt, until it is closed."""

    def hear(self, event: Event) -> None:
        """Take what is told of the attempt."""

    def hear_output(self, stream: str, data: bytes) -> None:
        """Take what it prints, where that comes through us."""

    def close(self) -> None:
        """Look no more."""
