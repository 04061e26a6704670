"""`spawn`: a running process as a block. Entering starts it, leaving ends and reaps its whole tree."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any

from procession.errors import InvalidCommand, StartError
from procession.model.command import Argument, Command, normalise
from procession.model.event import Event, StartFailed, Starting
from procession.process.announce import Announcer
from procession.process.launch import Launched, launch
from procession.process.process import Process

_OPTION_NAMES = {"timeout": "timeout_s", "grace": "grace_s", "leak_grace": "leak_grace_s", "watchdog": "watchdog_s"}
_FIELDS = frozenset(Command.__struct_fields__)


def spawn(
    given: Command | Sequence[Argument], /, *, on_event: Callable[[Event], None] | None = None, **options: Any
) -> Spawning:
    """Describe a process to be run, as a block.

    ``async with spawn(["make", "-j2"], cwd="src") as process: …``

    ``options`` replace fields of the command (``cwd=``, ``env=``, ``stdout=``, ``timeout=`` …, see `Command`).
    ``on_event`` hears every event from ``starting`` on.
    Entering raises a StartError of the kind that fits. Leaving ends what is left of the tree (SIGTERM, the grace,
    SIGKILL), also when cancelled. Raises: InvalidCommand, at once.
    """
    return Spawning(make_command(given, options), on_event)


def make_command(given: Command | Sequence[Argument], options: dict[str, Any]) -> Command:
    """Give the command that ``given`` with ``options`` means. Raises: InvalidCommand."""
    changes = {_OPTION_NAMES.get(name, name): value for name, value in options.items()}
    for name in changes:
        if name not in _FIELDS:
            raise InvalidCommand(name, "is no option of a command")
    if isinstance(given, Command):
        return given.replace(**changes)
    return Command(**normalise({"argv": given, **changes}))


class Spawning:
    """A process to be: see `spawn`. Use it once, as an asynchronous context manager."""

    _process_class = Process

    def __init__(
        self,
        command: Command,
        on_event: Callable[[Event], None] | None = None,
        start: Callable[[Command], Awaitable[Launched]] = launch,
        *,
        is_new: bool = True,
    ) -> None:
        """Remember what to start, and how: see `procession.process.launch`."""
        self._command = command
        self._on_event = on_event
        self._start = start
        self._is_new = is_new
        self._process: Process | None = None

    async def __aenter__(self) -> Process:
        """Start it. Raises: StartError."""
        announcer = Announcer(self._command)
        if self._on_event is not None:
            announcer.subscribe(self._on_event)
        if self._is_new:  # else it was told by whoever started it
            announcer.tell(Starting(at=time.time(), command=str(self._command)))
        try:
            launched = await self._start(self._command)
        except StartError as error:
            announcer.tell(StartFailed(at=time.time(), error=error.code, message=error.message))
            raise
        self._process = self._process_class(self._command, launched, announcer)
        return self._process

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and reap what is left."""
        assert self._process is not None
        cancelled = kind is not None and issubclass(kind, (asyncio.CancelledError, KeyboardInterrupt))
        await self._process.leave(by="cancel" if cancelled else "user")
