"""Reading a request strictly: every parameter and every field has a type, and what is unknown is refused by name."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from procession.api.operation import Operation
from procession.errors import UsageError

BODY_LIMIT_BYTES: Final = 128 << 20
"""Above what 10,000 tasks with an environment of their own take."""


async def read_body(request: Request) -> bytes:
    """Read the whole body. Raises: HTTPException: too large."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT_BYTES:
                raise HTTPException(413, f"a request may have {BODY_LIMIT_BYTES} bytes")
    except ClientDisconnect:
        raise HTTPException(400, "the request broke off") from None
    return bytes(body)


def decode_body(operation: Operation, body: bytes) -> Any:
    """Decode the body as the operation wants it. Raises: UsageError, InvalidTask, InvalidCommand, InvalidSignal."""
    if operation.body is None:
        if body.strip() not in (b"", b"{}"):
            raise UsageError("this request takes no body")
        return None
    try:
        return msgspec.json.decode(body or b"{}", type=operation.body)
    except msgspec.ValidationError as error:
        raise _usage(error, "the body") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the body is no JSON: {error}") from None


def decode_query(operation: Operation, request: Request) -> Any:
    """Decode the query parameters. Raises: UsageError."""
    text = request.scope["query_string"].decode("ascii", "replace")
    given: dict[str, Any] = {}
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(operation.query)}
    for name, values in parse_qs(text, keep_blank_values=True).items():
        if name in fields and _takes_many(fields[name]):
            given[name] = values
        elif len(values) > 1:
            raise UsageError(f"the parameter {name!r} is given {len(values)} times")
        else:
            given[name] = values[0]
    try:
        return msgspec.convert(given, operation.query, strict=False)
    except msgspec.ValidationError as error:
        raise _usage(error, "the query") from None


def _takes_many(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is tuple


def _usage(error: msgspec.ValidationError, where: str) -> Exception:
    message, _, place = str(error).partition(" - at `$")
    place = place.removesuffix("`").lstrip(".")
    if isinstance(error.__cause__, UsageError):
        # Values that check themselves say it better; only where they stand is not known to them.
        error.__cause__.__dict__["place"] = place
        return error.__cause__
    return UsageError(f"{where}: {message}" + (f" at {place}" if place else ""), field=place)
