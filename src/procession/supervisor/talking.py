"""TALKS: what can be said to a task that runs: input, messages, questions. A part of the supervisor's door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from procession.errors import StreamUnavailable
from procession.supervisor.acting import process_once_started, write_to

if TYPE_CHECKING:
    from procession.supervisor.custody import Custody
    from procession.supervisor.entry import Entry
    from procession.supervisor.launcher import RunningProcess
    from procession.supervisor.registry import Registry


class Talking:
    """The verbs of a supervisor that speak to what runs of a task."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._custody: Custody | None = None

    async def write_input(self, id: str, data: bytes, *, end: bool = False) -> None:  # noqa: A002 - the field's own
        """Write to the standard input of a task that has one (a pipe or a pty); ``end`` closes it.

        Raises: AlreadyEnded, UsageError: nothing of it runs; StreamUnavailable, InputClosed.
        """
        await write_to(await process_once_started(self._registry.get(id)), data, end=end)

    async def send(self, id: str, message: Any) -> None:  # noqa: A002 - the field's own name
        """Send a message through the channel of a task that has one (``channel=True``).

        What it sends comes as `message_received` events. Raises: AlreadyEnded, UsageError: nothing of it runs;
        StreamUnavailable, InvalidMessage, MessageTooLarge, Disconnected.
        """
        await self._send(await process_once_started(self._one_that_talks(id)), message)

    async def request(self, id: str, message: Any, *, timeout_s: float | None = None) -> Any:  # noqa: A002
        """Ask a task through its channel, and give what it answers.

        Raises: as `send`; RequestTimedOut, RequestRefused.
        """
        process = await process_once_started(self._one_that_talks(id))
        return await process.channel.request(message, timeout=timeout_s)

    def _one_that_talks(self, id: str) -> Entry:  # noqa: A002
        entry = self._registry.get(id)
        if not entry.task.command.channel:  # said at once: that it waits for its turn would be half the truth
            raise StreamUnavailable(f"task {id} has no channel", hint="give it channel = true", stream="channel")
        return entry

    async def _send(self, process: RunningProcess, message: Any) -> None:
        if self._custody is None:
            await process.channel.send(message)
        else:
            await self._custody.send(process, message)
