"""Messages as JSON, one text per line, strictly: any parser reads what is written, and what none reads is no message.

Encoding is msgspec's: dates become ISO texts, sets lists, bytes base64 text. A number that is none (NaN, an infinity)
is refused, though msgspec would write null: its value would be lost without a word.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import msgspec

from procession.errors import InvalidMessage, MessageTooLarge
from procession.wire.node_ipc import ANSWER, REQUEST, is_internal

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


_RESERVED = frozenset({REQUEST, ANSWER, "cmd"})


class NotAMessage(ValueError):
    """A line that is no JSON text."""


def encode_message(message: Any, limit_bytes: int) -> bytes:
    """Give the line of a message of the user's. Raises: InvalidMessage, MessageTooLarge."""
    if type(message) is dict and not _RESERVED.isdisjoint(message) and _is_reserved(message):
        hint = f"{REQUEST}, {ANSWER} and a cmd that begins with NODE_ belong to the channel itself"
        raise InvalidMessage("the message cannot be sent: its meaning is reserved", hint=hint)
    return encode_line(message, limit_bytes)


def encode_line(message: Any, limit_bytes: int) -> bytes:
    """Give the line of any message. Raises: InvalidMessage, MessageTooLarge."""
    try:
        text = _encode(message)
        if b"null" in text:
            _check_numbers(message)
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError) as error:
        why = "it is nested too deeply, or in itself" if isinstance(error, RecursionError) else str(error)
        raise InvalidMessage(f"the message cannot be sent: {why}", hint="send what JSON can carry") from None
    if len(text) > limit_bytes:
        raise MessageTooLarge(
            f"the message has {len(text):,} bytes, the channel takes {limit_bytes:,}",
            hint="send large things through a file, or raise message_limit_bytes",
            size_bytes=len(text),
            limit_bytes=limit_bytes,
        )
    return text + b"\n"


def decode_line(line: bytes) -> Any:
    r"""Give the message of a line; half a surrogate pair, by Node ``\ud800``, is kept. Raises: NotAMessage."""
    try:
        return _decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        if isinstance(error, RecursionError):
            raise NotAMessage("it is nested too deeply") from None
    try:
        return json.loads(line.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotAMessage("it is no JSON" if line.strip() else "it is an empty line") from error


def _is_reserved(message: dict[Any, Any]) -> bool:
    return REQUEST in message or ANSWER in message or is_internal(message)


def _check_numbers(value: Any) -> None:
    """Find a number that was written as null."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that JSON has")
    if isinstance(value, dict):
        for each in value.values():
            _check_numbers(each)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            _check_numbers(each)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
