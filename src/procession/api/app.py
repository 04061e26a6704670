"""The application: every operation at its place, and the one way a request goes through all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from procession.api.call import Call
from procession.api.catalogue import list_operations
from procession.api.desk import Desk
from procession.api.idempotency import Idempotency
from procession.api.operation import Operation
from procession.api.problems import answer_bug, answer_http_error, answer_problem
from procession.api.reading import decode_body, decode_query, read_body
from procession.api.reply import Answer
from procession.errors import ProcessionError


def build_app(
    desk: Desk, *, ending: asyncio.Event | None = None, part: Callable[[], object] = lambda: None
) -> Starlette:
    """Serve ``desk``. Streams and long waits end when ``ending`` is set; ``part`` is called when a request ends us."""
    desk_app = _Door(desk, ending or asyncio.Event())
    routes = [
        Route(each.path, _Endpoint(partial(desk_app.answer, each)), methods=[each.method], name=each.name)
        for each in list_operations(part)
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: answer_http_error})


class _Door:
    def __init__(self, desk: Desk, ending: asyncio.Event) -> None:
        self._desk, self._ending = desk, ending
        self._idempotency = Idempotency(desk)

    async def answer(self, operation: Operation, request: Request) -> Answer:
        """Read, act, commit, answer; whatever fails becomes a problem."""
        try:
            body = await read_body(request)
            call = Call(
                self._desk, request, decode_query(operation, request), decode_body(operation, body), self._ending
            )
            return await (self._change(operation, call, body) if operation.is_change else operation.act(call))
        except ProcessionError as error:
            return answer_problem(error)
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - a bug must not look like a broken connection
            return answer_bug(error, f"{request.method} {request.url.path}")

    async def _change(self, operation: Operation, call: Call, body: bytes) -> Answer:
        key = call.request.headers.get("idempotency-key")
        if key is not None:
            asked = f"{operation.method} {call.request.url.path}\n".encode() + body
            return await self._idempotency.once(key, asked, operation.recording, partial(_act, operation, call))
        reply = await _act(operation, call)
        await self._desk.committed()
        return reply


async def _act(operation: Operation, call: Call) -> Response:
    reply = await operation.act(call)
    assert isinstance(reply, Response)
    return reply


class _Endpoint:
    """An ASGI application of one operation: Starlette's own wrapper takes functions and wants a Response."""

    def __init__(self, answer: Callable[[Request], Awaitable[ASGIApp]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        app = await self._answer(request)
        await app(scope, receive, send)
