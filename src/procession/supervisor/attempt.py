"""One attempt of a task: from the start of a process to the end of its tree, with every fact passed on.

Not here: what follows from the outcome, and any state of the task.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from procession.errors import StartError, StreamUnavailable
from procession.ipc.arrivals import LargeMessage
from procession.ipc.request import Request
from procession.model.event import Event, MessageReceived, Started, StartFailed, Starting
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.stdio import Pipe, Pty

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.model.command import Command
    from procession.supervisor.clock import Clock
    from procession.supervisor.descriptor_store import DescriptorStore
    from procession.supervisor.launcher import Block, RunningProcess

logger = logging.getLogger("procession.task")

_LEAK_DRAIN_S = 0.1
"""How long we read on after a leak: what is in the pipe by then is delivered, what comes later is not."""


class Attempt:
    """Runs ``command`` once, in the block that ``begin`` gives; ``record`` takes facts, ``take_output`` output.

    stored: takes what it gives into care for the next one. is_taken_over: its start was recorded by whoever looked
    after it before us.
    """

    def __init__(
        self,
        command: Command,
        begin: Callable[[], Block],
        clock: Clock,
        record: Callable[[Event], None],
        take_output: Callable[[str, bytes], None],
        *,
        stored: DescriptorStore,
        is_taken_over: bool = False,
    ) -> None:
        self._command = command
        self._begin_block = begin
        self._clock = clock
        self._record = record
        self._take_output = take_output
        self._stored = stored
        self._is_taken_over = is_taken_over
        self._unsubscribe: Callable[[], None] = lambda: None
        self.process: RunningProcess | None = None
        self.settled = asyncio.Event()
        """Set once it has started, or will not."""

    async def run(self) -> Outcome:
        """Run to the end of the tree. A failed start is an outcome; cancelling ends the tree and is raised."""
        try:
            async with self._begin_block() as process:
                self._begin(process)
                return await self._follow(process)
        except StartError as error:
            return self._failed(error)
        finally:
            self.settled.set()
            self._unsubscribe()

    def _begin(self, process: RunningProcess) -> None:
        self.process = process
        if not self._is_taken_over:
            self._record(Started(at=process.started_at, pid=process.pid))
        process.notices.store = self._stored
        self._unsubscribe = process.subscribe(self._pass_on)
        if self._command.channel:
            with contextlib.suppress(StreamUnavailable):  # it was lost with its keeper
                process.channel.listen(self._take_message)
        self.settled.set()

    def _take_message(self, message: Any) -> None:
        if isinstance(message, Request):
            message.refuse("under a supervisor nobody answers questions")
        elif isinstance(message, LargeMessage):
            self._record(MessageReceived(at=self._clock.time(), message=None, size_bytes=message.size_bytes))
        else:
            self._record(MessageReceived(at=self._clock.time(), message=message))

    def _pass_on(self, event: Event) -> None:
        """Pass on what the process says; its start is told by us, once, wherever the process tells it."""
        if not isinstance(event, (Starting, Started, StartFailed)):
            self._record(event)

    async def _follow(self, process: RunningProcess) -> Outcome:
        readers = [asyncio.create_task(self._read(process, name)) for name in _streams_for_us(self._command)]
        if readers:
            await asyncio.sleep(0)  # let them begin: what nobody reads is collected by wait()
        try:
            outcome = await process.wait()
            if readers:
                await asyncio.wait(readers, timeout=_LEAK_DRAIN_S if outcome.leaked else None)
            return outcome
        finally:
            for reader in readers:
                reader.cancel()
            if readers:
                await asyncio.gather(*readers, return_exceptions=True)

    async def _read(self, process: RunningProcess, name: str) -> None:
        try:
            async for data in getattr(process, name):
                self._take_output(name, data)
        except Exception:
            logger.exception("%s of process %d cannot be read any further", name, process.pid)

    def _failed(self, error: StartError) -> Outcome:
        self._record(StartFailed(at=self._clock.time(), error=error.code, message=str(error)))
        return Outcome(kind=OutcomeKind.FAILED_TO_START, message=str(error), error_code=error.code)


def _streams_for_us(command: Command) -> list[str]:
    """Name the outputs that come to us; a pty that serves both is one. A log is written without us, and not read."""
    kinds = {"stdout": command.stdout, "stderr": command.stderr}
    names = [name for name, kind in kinds.items() if isinstance(kind, (Pipe, Pty))]
    return names[:1] if all(isinstance(kind, Pty) for kind in kinds.values()) else names
