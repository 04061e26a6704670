"""Errors as RFC 9457 problems: the sentence, the code and the fields of the exception, and one status for each kind.

Not here: raising them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from procession import errors
from procession.api.media import PROBLEM
from procession.api.reply import json_reply
from procession.errors import ProcessionError
from procession.model.text import encodable
from procession.model.view import TaskView

Done = TypeVar("Done")

log = logging.getLogger("procession.api")

_STATUSES: Final[tuple[tuple[type[ProcessionError], int], ...]] = (
    (errors.UnknownTask, 404),
    (errors.UsageError, 422),
    (errors.AlreadyEnded, 409),
    (errors.Conflict, 409),
    (errors.StreamUnavailable, 409),
    (errors.InputClosed, 409),
    (errors.DaemonRunning, 409),
    (errors.Disconnected, 409),
    (errors.RequestRefused, 409),
    (errors.RequestTimedOut, 504),
    (errors.TalkError, 422),
    (errors.CannotSignal, 403),
    (errors.ForeignPeer, 403),
    (errors.StoreUnavailable, 503),
    (errors.DaemonUnavailable, 503),
    (errors.NoRoom, 503),
    (errors.NoProcessesLeft, 503),
    (errors.NoDescriptorsLeft, 503),
)

_OF_HTTP: Final = {
    404: ("unknown_path", "No such place", "see GET /v1/openapi.json for what there is"),
    405: ("method_not_allowed", "Not possible there", "see GET /v1/openapi.json for what there is"),
    413: ("too_large", "The request is too large", "send fewer tasks at a time"),
}


def status_of(error: ProcessionError) -> int:
    """Say with which status an error is answered."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def problem_of(error: ProcessionError) -> dict[str, Any]:
    """Give the problem of an error, its fields included."""
    fields = {name: _plain(value) for name, value in vars(error).items() if name not in ("message", "hint", "result")}
    return fields | _problem(error.code, _title(type(error)), status_of(error), error.message, error.hint)


def answer_problem(error: ProcessionError) -> Response:
    """Answer with the problem of an error of ours."""
    return json_reply(problem_of(error), status_of(error), PROBLEM)


def answer_bug(error: Exception, where: str) -> Response:
    """Answer for what should not have happened; its story is for the log, not for the client."""
    log.error("%s failed", where, exc_info=error)
    hint = "the daemon's log says more; please report it"
    problem = _problem("internal", "A bug of ours", 500, f"{type(error).__name__} while answering {where}", hint)
    return json_reply(problem, 500, PROBLEM)


def set_apart(
    views: Iterable[TaskView], done: Iterable[Any], kind: type[Done]
) -> tuple[list[Done], list[dict[str, Any]]]:
    """Give what came of each task, and beside it a problem (with ``task``) for each for which it failed."""
    good, problems = [], []
    for view, each in zip(views, done, strict=True):
        if isinstance(each, kind):
            good.append(each)
        elif isinstance(each, ProcessionError):
            problems.append(problem_of(each) | {"task": view.id})
        else:
            raise each
    return good, problems


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what the router refused."""
    assert isinstance(error, HTTPException)
    code, title, hint = _OF_HTTP.get(error.status_code, ("http", error.detail, ""))
    problem = _problem(code, title, error.status_code, f"{request.method} {request.url.path}: {error.detail}", hint)
    reply = json_reply(problem, error.status_code, PROBLEM)
    reply.headers.update(error.headers or {})
    return reply


def _problem(code: str, title: str, status: int, detail: str, hint: str) -> dict[str, Any]:
    return {
        "type": f"urn:procession:error:{code}",
        "title": title,
        "status": status,
        "detail": encodable(detail),
        "code": code,
        "hint": encodable(hint),
    }


def _title(kind: type[ProcessionError]) -> str:
    return (kind.__doc__ or kind.__name__).partition(". ")[0].strip().removesuffix(".")


def _plain(value: Any) -> Any:
    return encodable(msgspec.to_builtins(value, enc_hook=str))
