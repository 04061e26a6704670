"""Values as bytes and back: JSON, always.

Not here: what may be believed (``hostile``), which table it goes to (``rows``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from procession.model.checkpoint import Checkpoint
from procession.model.context import Context
from procession.model.record import AttemptRecord, Care
from procession.model.task import Task
from procession.model.usage import TreeUsage
from procession.model.view import TaskView

if TYPE_CHECKING:
    from procession.model.event import Event

Value = TypeVar("Value")

_ENCODER = msgspec.json.Encoder()
encode_quickly = _ENCODER.encode


class Codec(Generic[Value]):
    """Encodes and decodes one type. What the quick encoder has no form for takes the long way."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def encode(self, value: Value) -> bytes:
        """Give ``value`` as JSON, bytes that were no UTF-8 (lone surrogates) included."""
        try:
            return encode_quickly(value)
        except UnicodeEncodeError:
            return encode_at_length(value)

    def decode(self, body: bytes) -> Value:
        """Give the value again. Raises: ValueError: and what msgspec raises is one."""
        try:
            value: Value = self._decoder.decode(body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            value = msgspec.convert(json.loads(body), self._kind, str_keys=True)
        return value


VIEW: Codec[TaskView] = Codec(TaskView)
CARE: Codec[Care] = Codec(Care)
ATTEMPT: Codec[AttemptRecord] = Codec(AttemptRecord)
ARGV: Codec[tuple[str, ...]] = Codec(tuple[str, ...])
SAMPLE: Codec[TreeUsage] = Codec(TreeUsage)
CHECKPOINT: Codec[Checkpoint] = Codec(Checkpoint)
CONTEXT: Codec[Context] = Codec(Context)
_TASK: Codec[Task] = Codec(Task)

decode_task = _TASK.decode


def encode_task(task: Task) -> bytes:
    """Give a task as JSON. An infinite duration has no word in JSON: msgspec writes ``null``, and we look again."""
    body = _TASK.encode(task)
    has_odd_null = body.count(b":null") > body.count(b'"limit_bytes":null')  # a log without a limit has one, too
    return body if not has_odd_null or _comes_back(task, body) else encode_at_length(task)


def encode_event(event: Event) -> bytes:
    """Give an event as everybody is told it; bytes that were no UTF-8 become backslash escapes."""
    try:
        return encode_quickly(event)
    except UnicodeEncodeError:
        return encode_quickly(event.as_dict())


def encode_context(context: Context) -> bytes:
    """Give the same bytes for equal contexts, whatever the order of their variables."""
    try:
        return msgspec.json.encode(context, order="sorted")
    except UnicodeEncodeError:
        return encode_at_length(context)


def encode_at_length(value: object) -> bytes:
    r"""Write every odd character as ``\\udc80``, and infinity as ``Infinity``, which json alone reads again."""
    return json.dumps(msgspec.to_builtins(value, str_keys=True), sort_keys=True, separators=(",", ":")).encode("ascii")


def encode_text(text: str | None) -> str | bytes | None:
    """Give text as a column takes it: as text where it is some, else as bytes."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def decode_text(column: str | bytes | None) -> str | None:
    """Give such a column as text again."""
    return column.decode("utf-8", "surrogatepass") if isinstance(column, bytes) else column


def _comes_back(task: Task, body: bytes) -> bool:
    try:
        return decode_task(body) == task
    except msgspec.DecodeError:
        return False
