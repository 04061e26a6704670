"""Where the concrete parts meet: a store, the link to a keeper, and the supervisor over both, in this order.

Each part is a factory, so that a test (or another host) brings its own. Leaving takes them apart in reverse.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

from procession.api.desk import Desk
from procession.daemon.paths import Paths

Store = TypeVar("Store")
Keeper = TypeVar("Keeper")


@dataclass(frozen=True, slots=True)
class Parts(Generic[Store, Keeper]):
    """How to open each part; what is opened later is given what was opened before."""

    open_store: Callable[[Paths], AbstractAsyncContextManager[Store]]
    link_keeper: Callable[[Paths, Store], AbstractAsyncContextManager[Keeper]]
    open_desk: Callable[[Paths, Store, Keeper], AbstractAsyncContextManager[Desk]]


@contextlib.asynccontextmanager
async def assemble(paths: Paths, parts: Parts[Store, Keeper]) -> AsyncIterator[Desk]:
    """Have a whole supervisor inside the block."""
    async with (
        parts.open_store(paths) as store,
        parts.link_keeper(paths, store) as keeper,
        parts.open_desk(paths, store, keeper) as desk,
    ):
        yield desk
