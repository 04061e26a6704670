"""One request that could be read, as the functions that carry it out see it. Not here: reading it (``reading``)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request

from procession.api.desk import Desk
from procession.errors import DaemonUnavailable

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Call:
    """``ending`` is set when the daemon is about to end."""

    desk: Desk
    request: Request
    query: Any
    body: Any
    ending: asyncio.Event

    @property
    def id(self) -> str:
        """The id in the path."""
        return str(self.request.path_params["id"])

    async def unless_ending(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await what may take long, but not beyond the end of the daemon. Raises: DaemonUnavailable."""
        working = asyncio.ensure_future(work)
        ending = asyncio.ensure_future(self.ending.wait())
        try:
            await asyncio.wait([working, ending], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise DaemonUnavailable("this socket", "it is ending", hint="tasks go on; ask again when it is back")
        finally:
            for each in (working, ending):
                each.cancel()
            await asyncio.wait([working, ending])
