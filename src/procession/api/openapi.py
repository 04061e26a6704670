"""The OpenAPI 3.1 document of the API, made of the very values that route and decode."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from procession.api.call import Call
from procession.api.media import EVENT_STREAM, JSON, METRICS, PROBLEM, TABLE
from procession.api.operation import NoQuery, Operation
from procession.api.reply import Answer, json_reply
from procession.version import VERSION

_REF: Final = "#/components/schemas/{name}"
_ALWAYS: Final = (422, 500)
_OF_CHANGES: Final = (409, 503)

_PHRASES: Final = {
    200: "Done",
    201: "Accepted",
    403: "Not permitted",
    404: "No such task",
    409: "Not as things stand",
    422: "The request is wrong in itself",
    500: "A bug",
    503: "Not now",
    504: "No answer in time",
}


class Problem(Struct, frozen=True):
    """What went wrong (RFC 9457). Further members are the fields of the error."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str


def operation(others: Sequence[Operation]) -> Operation:
    """Give the operation that answers with the document of ``others`` and of itself."""

    async def show(_call: Call) -> Answer:
        return json_reply(document())

    this = Operation(
        name="openapi",
        method="GET",
        path="/v1/openapi.json",
        says="This document",
        act=show,
        answer=dict[str, Any],
    )

    @functools.cache
    def document() -> dict[str, Any]:
        return describe((*others, this))

    return this


def describe(operations: Sequence[Operation]) -> dict[str, Any]:
    """Give the document as plain JSON types."""
    types = list(dict.fromkeys(_types(operations)))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _describe(each, schema_of, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Procession",
            "version": VERSION,
            "description": "HTTP over a unix socket that only its user can reach. Times are seconds since the epoch.",
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _types(operations: Sequence[Operation]) -> list[Any]:
    used = [type_ for each in operations for type_ in (each.body, each.answer, each.query)]
    return [Problem, *(each for each in used if each is not None and each is not NoQuery)]


def _describe(each: Operation, schema_of: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.says,
        "parameters": [*_path_parameters(each), *_query_parameters(each, components), *_headers(each)],
        "responses": {str(each.status): _success(each, schema_of)} | _problems(each, schema_of),
    }
    if each.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema_of[each.body]}}}
    return described


def _success(each: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    content = {}
    for media in each.media:
        as_text = media in (EVENT_STREAM, METRICS, TABLE)
        content[media] = {"schema": {"type": "string"} if as_text else schema_of[each.answer]}
        if media == EVENT_STREAM and each.answer is not None:
            content[media]["x-data"] = schema_of[each.answer]
    return {"description": _PHRASES[each.status], "content": content}


def _problems(each: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    content = {PROBLEM: {"schema": schema_of[Problem]}}
    statuses = {*each.problems, *_ALWAYS, *(_OF_CHANGES if each.is_change else ())}
    return {str(status): {"description": _PHRASES[status], "content": content} for status in sorted(statuses)}


def _path_parameters(each: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", each.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(each: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    if each.query is NoQuery:
        return []
    properties = components[each.query.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


def _headers(each: Operation) -> list[dict[str, Any]]:
    if each.is_change:
        return [_header("Idempotency-Key", "The same key happens once; the same reply is given again")]
    if EVENT_STREAM in each.media:
        return [_header("Last-Event-ID", "Where to go on; wins over the query")]
    return []


def _header(name: str, says: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": says, "schema": {"type": "string"}}
