"""HTTP that is spoken to our own user only: the peer is looked at before its first byte is."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from procession.daemon.peer import check_client
from procession.errors import ForeignPeer

_REFUSAL: Final = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_BODY: Final = (
    b'{"type":"urn:procession:error:foreign_peer","title":"Not your daemon","status":403,"code":"foreign_peer",'
    b'"detail":"this daemon belongs to another user","hint":""}'
)

log = logging.getLogger("procession.daemon")


class GuardedHTTP(H11Protocol):
    """Uvicorn's protocol, which a foreign user does not get to."""

    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look who it is."""
        try:
            check_client(transport.get_extra_info("socket"))
        except (ForeignPeer, OSError) as error:
            self._is_refused = True
            log.warning("refused a connection: %s", error)
            transport.write(_REFUSAL % (len(_BODY), _BODY))
            transport.close()
            return
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Listen to whom we may."""
        if not self._is_refused:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if not self._is_refused:
            super().connection_lost(exc)
