"""What the supervisor needs of whoever runs processes: `procession.process.spawn` in life, a script in tests."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable

    from procession.model.command import Command
    from procession.model.event import Event
    from procession.model.outcome import Outcome
    from procession.model.record import TreeMark


class InputStream(Protocol):
    """Takes what a process shall read."""

    async def write(self, data: bytes, /) -> None:
        """Write all of it, waiting for room. Raises: InputClosed."""

    async def close(self) -> None:
        """Say that nothing more will come."""


class Conversation(Protocol):
    """A message channel."""

    async def send(self, message: Any, /) -> None:
        """Send, waiting for room. Raises: InvalidMessage, MessageTooLarge, Disconnected."""

    async def request(self, message: Any, /, *, timeout: float | None = None) -> Any:
        """Ask, and give the answer. Raises: RequestTimedOut, RequestRefused, and as `send`."""

    def listen(self, callback: Callable[[Any], None], /) -> None:
        """Call back with each message."""


class Hearing(Protocol):
    """Hears what a process says of itself. ``store`` takes descriptors that it gives into care."""

    store: Any


class RunningProcess(Protocol):
    """One running command with its tree."""

    @property
    def pid(self) -> int:
        """Of the leader."""

    @property
    def started_at(self) -> float:
        """In seconds since the epoch."""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, once it has."""

    @property
    def tree_mark(self) -> TreeMark:
        """How the members of its tree are known."""

    async def wait(self) -> Outcome:
        """Wait for the exit, and for its outputs (or their leak grace)."""

    async def terminate(self, grace_s: float | None = None, *, by: str = "user") -> Any:
        """Ask the tree to end, insist after the grace, return when it is gone."""

    async def kill(self, *, by: str = "user") -> Any:
        """Kill the tree, return when it is gone."""

    async def suspend(self) -> Any:
        """Pause the tree, return when nothing of it runs."""

    async def resume(self) -> Any:
        """Let the tree run on."""

    def send_signal(self, number: str | int, /, *, scope: Literal["leader", "tree"] = "leader") -> Any:
        """Send one signal."""

    async def send_signal_if_caught(self, number: int, /) -> bool:
        """Send the leader a signal that it has a handler for; whether it has one."""

    def release(self) -> None:
        """Let it live on when the block is left."""

    def subscribe(self, callback: Callable[[Event], None], /) -> Callable[[], None]:
        """Tell ``callback`` what has happened and every further event; return what ends that."""

    @property
    def notices(self) -> Hearing:
        """Who hears what it says of itself."""

    @property
    def channel(self) -> Conversation:
        """Its message channel, where it has one. Raises: StreamUnavailable."""

    @property
    def stdin(self) -> InputStream:
        """Its input, where that is a pipe or pty. Raises: StreamUnavailable."""

    @property
    def stdout(self) -> AsyncIterable[bytes]:
        """Its output, where that is a pipe or pty."""

    @property
    def stderr(self) -> AsyncIterable[bytes]:
        """Its errors, where they are a pipe of their own."""


Block = AbstractAsyncContextManager[RunningProcess]
"""A block in which a process runs; entering it raises StartError, leaving it ends the tree."""


class Launcher(Protocol):
    """Start a command; entering the block raises StartError, leaving it ends the tree."""

    def __call__(self, command: Command, /) -> AbstractAsyncContextManager[RunningProcess]:
        """Give the block in which ``command`` runs."""
