"""A daemon without its door: store, keeper and supervisor as `daemon.parts` assembles them, in a home that goes again."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from procession.daemon.desk import DaemonDesk
from procession.supervisor.supervisor import Supervisor


@contextlib.asynccontextmanager
async def open_desk(at_once: int) -> AsyncIterator[tuple[DaemonDesk, Supervisor]]:
    """Gives both; ends the keeper and all it has afterwards."""
