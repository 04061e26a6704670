"""The readers for ``ready`` and ``done_when`` of a task file. Not here: what the values mean (``readiness.py``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from procession.errors import InvalidTask
from procession.model.field_readers import Misfit, got
from procession.model.readiness import ByFile, ByHttp, ByLog, ByNotice, ByPort, Readiness

Made = TypeVar("Made")

_WAYS: Final = '"notify", { log = "pattern" }, { port = 8080 }, { http = "http://…" } or { file = "path" }'

_KINDS: Final[dict[str, tuple[Callable[..., Readiness], frozenset[str]]]] = {
    "log": (ByLog, frozenset()),
    "port": (ByPort, frozenset({"host"})),
    "http": (ByHttp, frozenset()),
    "file": (ByFile, frozenset()),
}


def read_readiness(value: object) -> Readiness:
    """Take one of the ways in which readiness is known."""
    if value == "notify":
        return ByNotice()
    ways = value.keys() & _KINDS.keys() if isinstance(value, dict) else set()
    if not isinstance(value, dict) or len(ways) != 1:
        raise Misfit(f"expected {_WAYS}, {got(value)}")
    (way,) = ways
    make, further = _KINDS[way]
    options = {name: each for name, each in value.items() if name != way}
    for name in options.keys() - further:
        raise Misfit(f"unknown key beside {way!r}", inside=(name,))
    return _made(make, (way,), value[way], **options)


def read_completion(value: object) -> ByFile:
    """Take the file that says that the work is done."""
    if not isinstance(value, dict) or value.keys() != {"file"}:
        raise Misfit(f'expected {{ file = "path" }}, {got(value)}')
    return _made(ByFile, ("file",), value["file"])


def _made(make: Callable[..., Made], place: tuple[str, ...], *values: object, **options: object) -> Made:
    try:
        return make(*values, **options)
    except InvalidTask as error:
        raise Misfit(f"expected another value: {error.message.partition(': ')[2]}", inside=place) from None
