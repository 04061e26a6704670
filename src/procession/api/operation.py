"""One operation of the API as a value: what it is called with, what it answers, and the function that does it.

Routes and the OpenAPI document are both made of these, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from procession.api.call import Call
from procession.api.media import JSON
from procession.api.reply import Answer

Recording = Literal["reply", "nothing"]


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Takes no query parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``method`` and ``path`` say where; ``act`` does it.

    recording: what is remembered for an Idempotency-Key. A reply for what happens once; nothing for verbs that may
    take long and are the same when they are done twice.
    """

    name: str
    method: Literal["GET", "POST", "PATCH"]
    path: str
    says: str
    act: Callable[[Call], Awaitable[Answer]]
    query: type[Struct] = NoQuery
    body: Any = None
    answer: Any
    status: int = 200
    media: tuple[str, ...] = (JSON,)
    problems: tuple[int, ...] = ()
    recording: Recording = "reply"

    @property
    def is_change(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"
