"""What carries an ``Idempotency-Key`` happens once: duplicates at the same time join, later ones get the noted reply.

The reply to what waits for nothing (submit, edit, retry, remove) is noted in the turn in which its effect was recorded,
so both are on disk or neither is. What reaches outside (input, a signal) may happen twice if a crash falls in between.
Not here: requests without a key.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from procession.api.desk import Desk
from procession.api.operation import Recording
from procession.errors import Conflict, UsageError

KEY_LIMIT: Final = 200


class _Noted(Struct, frozen=True):
    """A reply as it is kept; ``request`` is a digest of what was asked."""

    request: str
    status: int
    media_type: str
    body: bytes


class Idempotency:
    """The keys under way, and the replies that the desk keeps."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._under_way: dict[str, tuple[str, asyncio.Future[Response | None]]] = {}

    async def once(
        self, key: str, asked: bytes, recording: Recording, act: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Do ``act`` unless it was done for this key. Raises: what it raises, Conflict: asked for something else."""
        if not key.isprintable() or len(key) > KEY_LIMIT:
            raise UsageError(f"an Idempotency-Key has at most {KEY_LIMIT} printable characters")
        digest = hashlib.sha256(asked).hexdigest()
        while (other := self._under_way.get(key)) is not None:
            _check_same(other[0], digest)
            if (reply := await asyncio.shield(other[1])) is not None:
                return reply
        if (noted := self._desk.find_reply(key)) is not None:
            return _give_again(noted, digest)
        return await self._do(key, digest, recording, act)

    async def _do(
        self, key: str, digest: str, recording: Recording, act: Callable[[], Awaitable[Response]]
    ) -> Response:
        future: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        self._under_way[key] = digest, future
        reply = None
        try:
            reply = await act()
            if recording == "reply":
                self._desk.note_reply(key, _note(reply, digest))
            await self._desk.committed()
        except BaseException:
            reply = None  # who waits for this one tries for himself
            raise
        finally:
            del self._under_way[key]
            future.set_result(reply)
        return reply


def _note(reply: Response, digest: str) -> bytes:
    return msgspec.msgpack.encode(_Noted(digest, reply.status_code, reply.media_type or "", bytes(reply.body)))


def _give_again(noted: bytes, digest: str) -> Response:
    reply = msgspec.msgpack.decode(noted, type=_Noted)
    _check_same(reply.request, digest)
    return Response(reply.body, reply.status, {"Idempotency-Replayed": "true"}, reply.media_type)


def _check_same(before: str, now: str) -> None:
    if before != now:
        hint = "use a fresh key for each request"
        raise Conflict("this Idempotency-Key was used for another request", hint=hint)
