"""`fork`: a program with a message channel, as a block, in the manner of Node's `child_process.fork`.

It is `spawn` with two things decided: which interpreter runs the program, and that it gets a channel.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final

from procession.errors import ProgramNotFound
from procession.ipc.handles import Handle
from procession.model.command import Argument
from procession.model.event import Event
from procession.model.stdio import INHERIT
from procession.process.process import Process
from procession.process.spawn import Spawning, make_command

_NODE_SUFFIXES: Final = (".js", ".mjs", ".cjs")


def fork(
    program: str | os.PathLike[str] | Sequence[Argument],
    /,
    *arguments: Argument,
    on_event: Callable[[Event], None] | None = None,
    **options: Any,
) -> Forking:
    """Describe a program that talks with us, as a block.

    ``async with fork("worker.py", "--fast") as worker: …``

    program: a Python file, run by this interpreter; a ``.js``, ``.mjs`` or ``.cjs`` file, run by the Node.js found in
    PATH; or a list of arguments for this interpreter, like ``["-m", "package.worker"]``. A relative file is taken from
    *our* directory, whatever ``cwd`` says. ``options`` as for `spawn`; its outputs go where ours go unless they say
    otherwise. Entering gives a `Worker`. Raises: InvalidCommand, ProgramNotFound (no such file, no Node), at once.
    """
    argv = [*_interpreter(program), *arguments]
    defaults = {"stdout": INHERIT, "stderr": INHERIT, "channel": True}
    return Forking(make_command(argv, defaults | options), on_event)


class Worker(Process):
    """A process with a message channel. What `Channel` has, it has itself; see docs/guide/channel.md."""

    @property
    def connected(self) -> bool:
        """Whether anything can still be said, either way."""
        return self.channel.connected

    async def send(self, message: Any, *, handle: Handle | None = None) -> None:
        """Send a message: see `Channel.send`. Raises: InvalidMessage, MessageTooLarge, Disconnected."""
        await self.channel.send(message, handle=handle)

    def messages(self, *, handles: bool = False) -> AsyncGenerator[Any, None]:
        """Give what it sends, to the end of the channel: see `Channel.messages`."""
        return self.channel.messages(handles=handles)

    async def request(self, message: Any, *, timeout: float | None = None) -> Any:
        """Ask, and give the answer. Raises: RequestTimedOut, RequestRefused, Disconnected; as `send`."""
        return await self.channel.request(message, timeout=timeout)

    async def disconnect(self) -> None:
        """Close the channel once all is sent."""
        await self.channel.disconnect()


class Forking(Spawning):
    """A worker to be: see `fork`. Use it once, as an asynchronous context manager."""

    _process_class = Worker

    async def __aenter__(self) -> Worker:
        """Start it. Raises: StartError."""
        process = await super().__aenter__()
        assert isinstance(process, Worker)
        return process


def _interpreter(program: str | os.PathLike[str] | Sequence[Argument]) -> list[Argument]:
    if not isinstance(program, (str, os.PathLike)):
        return [sys.executable, *program]
    path = os.path.abspath(os.fspath(program))
    if not os.path.isfile(path):
        raise ProgramNotFound(
            f"cannot fork {program}: there is no such file",
            hint='for a module give a list: ["-m", "package.worker"]; for another program spawn(…, channel=True)',
            command=str(program),
            program=path,
        )
    if not path.endswith(_NODE_SUFFIXES):
        return [sys.executable, path]
    node = shutil.which("node")
    if node is None:
        message = f"cannot fork {program}: there is no node in PATH"
        raise ProgramNotFound(message, hint="install Node.js", command=str(program), program="node")
    return [node, path]
