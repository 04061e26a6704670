"""Circumstances of submission, each stored once and shared by all tasks submitted in them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from procession.store.codec import CONTEXT, encode_context

if TYPE_CHECKING:
    from procession.model.context import Context

KEPT: Final = 256
"""How many stay in memory. Most people submit from a handful of shells."""


class Contexts:
    """Remembers which value has which digest, so that equal contexts are one object, and none is encoded twice."""

    def __init__(self) -> None:
        self._by_digest: dict[bytes, Context] = {}
        self._by_identity: dict[int, tuple[Context, bytes, bytes]] = {}

    def encode(self, context: Context) -> tuple[bytes, bytes]:
        """Give digest and body. An object that was seen before is not looked into again."""
        known = self._by_identity.get(id(context))
        if known is None:
            body = encode_context(context)
            known = (context, hashlib.sha256(body).digest(), body)
            _forget_oldest(self._by_identity)
            self._by_identity[id(context)] = known  # which keeps the object, so that its identity stays its own
        return known[1], known[2]

    def find(self, digest: bytes) -> Context | None:
        """Give the one with ``digest``, if it is in memory."""
        return self._by_digest.get(digest)

    def decode(self, digest: bytes, body: bytes) -> Context:
        """Give the one object of these bytes. Raises: ValueError: when they are not what was stored."""
        if hashlib.sha256(body).digest() != digest:
            raise ValueError("its circumstances are not those that were stored")
        context = CONTEXT.decode(body)
        _forget_oldest(self._by_digest)
        self._by_digest[digest] = context
        return context


def _forget_oldest(known: dict[bytes, Context] | dict[int, tuple[Context, bytes, bytes]]) -> None:
    while len(known) >= KEPT:
        del known[next(iter(known))]  # type: ignore[arg-type]  # each kind has one type of key
