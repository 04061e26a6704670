"""Whether somebody takes connections at a TCP port."""

from __future__ import annotations

import asyncio

from procession.monitor.patience import look_until


async def wait_for_port(host: str, port: int) -> None:
    """Return once a connection is taken; it is closed again at once."""

    async def is_open() -> bool:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()
        return True

    await look_until(is_open)
