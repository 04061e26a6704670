"""The keeper behind `run` and `up`: what they start is a child of it, and is gone soon after them, however they end.

Where there is none, the tasks are our own children, and that is said. Not here: what a keeper is (`process.keeper`).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from procession.cli.complaints import remark
from procession.errors import KeeperUnavailable
from procession.process.keeper import Keeper
from procession.process.spawn import Spawning, spawn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from procession.model.command import Command


@contextlib.asynccontextmanager
async def kept_spawn() -> AsyncIterator[Callable[..., Spawning]]:
    """Give what `procession.spawn` is, with a keeper as the parent while there is one."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            keeper: Keeper | None = await stack.enter_async_context(Keeper(is_steady=True))
        except KeeperUnavailable as error:
            keeper = None
            remark(f"{error.message}: if this program is killed with SIGKILL, what it has started lives on")
        yield _Spawner(keeper).spawn


class _Spawner:
    """Chooses the parent of each process."""

    def __init__(self, keeper: Keeper | None) -> None:
        self._keeper = keeper

    def spawn(self, command: Command, /, **options: Any) -> Spawning:
        """Start it as a child of the keeper; as our own if descendants are to be kept, which no keeper would do."""
        if self._keeper is not None and self._keeper.is_lost:
            self._keeper = None
            remark("the keeper is gone: if this program is killed with SIGKILL, what it starts from now on lives on")
        if self._keeper is None or command.descendants == "keep":
            return spawn(command, **options)
        return self._keeper.spawn(command, **options)
