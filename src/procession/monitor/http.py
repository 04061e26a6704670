"""Whether an HTTP server answers well. One plain GET without a body, no redirect followed, no certificate asked."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import h11

from procession.monitor.patience import look_until

_READ_BYTES = 1 << 16
_PLAIN_PORT = 80


async def wait_for_http(url: str) -> None:
    """Return once a GET of ``url`` is answered with a status from 200 to 399."""

    async def is_well() -> bool:
        status = await _ask(url)
        return status is not None and 200 <= status < 400

    await look_until(is_well)


async def _ask(url: str) -> int | None:
    """Give the status of the answer; None where there is none."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or _PLAIN_PORT)
    try:
        connection = h11.Connection(h11.CLIENT)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        headers = [("Host", parts.netloc), ("Connection", "close"), ("User-Agent", "procession")]
        writer.write(connection.send(h11.Request(method="GET", target=target, headers=headers)) or b"")
        while not isinstance(event := connection.next_event(), h11.Response):
            if event is not h11.NEED_DATA and not isinstance(event, h11.InformationalResponse):
                return None
            connection.receive_data(await reader.read(_READ_BYTES))
        return event.status_code
    except h11.ProtocolError:
        return None
    finally:
        writer.close()
