"""What goes back: a value as JSON, a text, or a stream."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp

from procession.api.media import JSON
from procession.model.text import encodable

Answer = ASGIApp
"""Whatever speaks ASGI: a `Response`, or a stream (``sse``)."""

_encoder: Final = msgspec.json.Encoder()


def json_reply(value: Any, status: int = 200, media_type: str = JSON) -> Response:
    """Answer with ``value`` as JSON."""
    return Response(encode(value), status, media_type=media_type)


def encode(value: Any) -> bytes:
    """Write JSON; bytes of the system that are no characters become backslash escapes."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(encodable(msgspec.to_builtins(value)))
