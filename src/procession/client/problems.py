"""What the daemon refuses, as the same typed error that the refusal is in process: by its code, with its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from procession.client.http import Reply
from procession.errors import ProcessionError

_NO_FIELDS = frozenset({"type", "title", "status", "detail", "code", "hint", "instance"})
_REFUSED = 400


def check(reply: Reply) -> Reply:
    """Give the reply back if it is no refusal. Raises: the error it tells of."""
    if reply.status < _REFUSED:
        return reply
    raise error_of(_document(reply))


def error_of(problem: dict[str, Any]) -> ProcessionError:
    """Revive an error from its problem document. A code that is not known here becomes a plain ProcessionError."""
    kind = _by_code().get(str(problem.get("code")), ProcessionError)
    message = str(problem.get("detail") or problem.get("title") or "the daemon refused it")
    error = kind.__new__(kind)  # not its constructor: the sentence is there already
    error.args = (message,)
    fields = {name: value for name, value in problem.items() if name not in _NO_FIELDS}
    error.__dict__.update(fields, message=message, hint=str(problem.get("hint") or ""))
    if kind is ProcessionError and "code" in problem:
        error.__dict__["code"] = str(problem["code"])
    error.__dict__["status"] = problem.get("status")
    return error


def _document(reply: Reply) -> dict[str, Any]:
    try:
        problem = msgspec.json.decode(reply.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = {"code": "error", "detail": f"the daemon answered {reply.status} without saying why"}
    return {"status": reply.status} | problem


def _by_code() -> dict[str, type[ProcessionError]]:
    return {kind.code: kind for kind in _descendants(ProcessionError)}


def _descendants(kind: type[ProcessionError]) -> Iterator[type[ProcessionError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _descendants(each)
