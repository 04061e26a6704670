"""Each thing the daemon can be asked: the request, and how its reply is read. No I/O; both clients share it."""

from __future__ import annotations

import math
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from procession.client import answers
from procession.client.context import capture_context
from procession.client.http import EVENT_STREAM, Reply, Request
from procession.client.prepare import NEVER_S, prepare
from procession.client.query import query, selected
from procession.client.resuming import Resuming
from procession.model.checkpoint import Checkpoint
from procession.model.cleaning import Cleaned
from procession.model.context import Context
from procession.model.finding import Finding
from procession.model.selection import Selection
from procession.model.status import Parting, Status
from procession.model.task import Task
from procession.model.usage import UsageHistory
from procession.model.view import TaskView
from procession.model.why import Why

CHUNK = 500
"""How many tasks go in one request."""

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Ask(Generic[T]):
    """A request, and what makes a value of its reply."""

    request: Request
    read: Callable[[Reply], T]


class _Submission(Struct, frozen=True):
    tasks: Sequence[Task]
    context: Context
    replace: bool
    now: bool


class _Ids(Struct):
    ids: list[str]


class _Tasks(Struct):
    tasks: list[TaskView]


class _Findings(Struct):
    checks: list[Finding]


def meant(words: Sequence[str], groups: Sequence[str], *, all_tasks: bool) -> Selection:
    """Give the selection of a client's arguments."""
    return Selection(words=tuple(words), groups=tuple(groups), all=all_tasks)


def submissions(
    tasks: Iterable[Task], context: Context | None, *, replace: bool, now: bool
) -> Iterator[Ask[list[str]]]:
    """Ask that these be taken, in chunks. Raises: InvalidCommand: before anything is sent."""
    context = context or capture_context()
    ready = [prepare(task, context.cwd or "/") for task in tasks]
    return (_submission(_Submission(chunk, context, replace, now)) for chunk in _chunks(ready))


def _submission(body: _Submission) -> Ask[list[str]]:
    request = _post("/v1/tasks", body)
    return Ask(request, lambda reply: msgspec.json.decode(reply.body, type=_Ids).ids)


def status() -> Ask[Status]:
    """Ask how it stands."""
    return Ask(_get("/v1/status"), _reads(Status))


def find(selection: Selection, state: str | None = None, limit: int | None = None) -> Ask[list[TaskView]]:
    """Ask for tasks; all without a selection."""
    target = "/v1/tasks" + query(*selected(selection), ("state", state), ("limit", limit))
    return Ask(_get(target), lambda reply: msgspec.json.decode(reply.body, type=_Tasks).tasks)


def show(task: str) -> Ask[answers.Details]:
    """Ask for everything about one task."""
    return Ask(_get(f"/v1/tasks/{_safe(task)}"), _reads(answers.Details))


def usage(task: str, *, pss: bool) -> Ask[UsageHistory]:
    """Ask what a task used over time."""
    return Ask(_get(f"/v1/tasks/{_safe(task)}/usage" + query(("pss", "true" if pss else None))), _reads(UsageHistory))


def why(task: str) -> Ask[Why]:
    """Ask why a task waits, or runs."""
    return Ask(_get(f"/v1/tasks/{_safe(task)}/why"), _reads(Why))


def edit(task: str, changes: dict[str, Any]) -> Ask[TaskView]:
    """Ask that a task that still waits be changed."""
    body = _encode(changes)
    request = Request(method="PATCH", target=f"/v1/tasks/{_safe(task)}", body=body, key=_key())
    return Ask(request, _reads(TaskView))


def act(verb: str, selection: Selection, **values: Any) -> Ask[answers.Acted]:
    """Ask that a verb be done to a selection. What is None is left out; an infinite time is one that never passes."""
    given = {name: NEVER_S if value == math.inf else value for name, value in values.items() if value is not None}
    body = {"select": selection} | given
    return Ask(_post(f"/v1/tasks/{verb}", body), lambda reply: answers.read_acted(reply.body))


def checkpoint(selection: Selection) -> Ask[answers.Saved]:
    """Ask that they save their work."""
    return Ask(_post("/v1/tasks/checkpoint", {"select": selection}), lambda reply: answers.read_saved(reply.body))


def checkpoints(task: str) -> Ask[list[Checkpoint]]:
    """Ask what a task has saved."""
    return Ask(_get(f"/v1/tasks/{_safe(task)}/checkpoints"), lambda reply: answers.read_checkpoints(reply.body))


def wait(selection: Selection, timeout_s: float | None, *, until_ready: bool = False) -> Ask[answers.Waited]:
    """Ask to be answered when they are over, or ready."""
    body = {"select": selection, "timeout_s": timeout_s} | ({"until": "ready"} if until_ready else {})
    return Ask(_post("/v1/tasks/wait", body), _reads(answers.Waited))


def write_input(task: str, data: bytes, *, end: bool) -> Ask[None]:
    """Ask that a task be given input."""
    body = {"base64": b64encode(data).decode(), "end": end}
    return Ask(_post(f"/v1/tasks/{_safe(task)}/input", body), lambda _: None)


def send(task: str, message: Any) -> Ask[None]:
    """Ask that a task be sent a message."""
    return Ask(_post(f"/v1/tasks/{_safe(task)}/messages", {"message": message}), lambda _: None)


def request(task: str, message: Any, timeout_s: float | None) -> Ask[Any]:
    """Ask that a task be asked."""
    body = {"message": message} | ({} if timeout_s is None else {"timeout_s": timeout_s})
    return Ask(
        _post(f"/v1/tasks/{_safe(task)}/requests", body), lambda reply: msgspec.json.decode(reply.body)["answer"]
    )


def drain(*, on: bool, suspend: bool) -> Ask[Status]:
    """Ask that nothing new be started, or that it be again; with ``suspend`` that what runs be set aside."""
    return Ask(_post("/v1/drain", {"on": on} | ({"suspend": True} if suspend else {})), _reads(Status))


def clean(older_than_s: float | None, keep: int | None, max_log_bytes: int | None) -> Ask[Cleaned]:
    """Ask that old tasks be forgotten."""
    bounds = {"older_than_s": older_than_s, "keep": keep, "max_log_bytes": max_log_bytes}
    body = {name: value for name, value in bounds.items() if value is not None}
    return Ask(_post("/v1/clean", body), _reads(Cleaned))


def doctor() -> Ask[list[Finding]]:
    """Ask which guarantees hold."""
    return Ask(_get("/v1/doctor"), lambda reply: msgspec.json.decode(reply.body, type=_Findings).checks)


def shutdown(*, kill: bool) -> Ask[Parting]:
    """Ask it to end."""
    return Ask(_post("/v1/shutdown", {"kill": kill}), _reads(Parting))


def logs(task: str, *, stream: str | None, tail: int | None, since: float | None, follow: bool) -> Resuming:
    """Ask for what a task printed."""
    options = query(("stream", stream), ("tail", tail), ("since", since), ("follow", follow))
    return Resuming(_stream(f"/v1/tasks/{_safe(task)}/logs{options}"), follow=follow)


def events(after: int | None, selection: Selection, *, follow: bool) -> Resuming:
    """Ask for what happened."""
    options = query(("after", after), ("follow", follow), *selected(selection))
    return Resuming(_stream(f"/v1/events{options}"), follow=follow)


def _chunks(tasks: list[Task]) -> Iterator[list[Task]]:
    chunk = len(tasks) if _looks_ahead(tasks) else CHUNK
    return (tasks[begin : begin + chunk] for begin in range(0, len(tasks), chunk or 1))


def _looks_ahead(tasks: list[Task]) -> bool:
    """Whether a task waits for one of a later chunk: then all go at once, or the first chunk would be refused."""
    chunk_of = {task.name: index // CHUNK for index, task in enumerate(tasks) if task.name}
    return any(chunk_of.get(each.task, 0) > index // CHUNK for index, task in enumerate(tasks) for each in task.after)


def _reads(kind: type[T]) -> Callable[[Reply], T]:
    return lambda reply: msgspec.json.decode(reply.body, type=kind)


def _get(target: str) -> Request:
    return Request(method="GET", target=target)


def _stream(target: str) -> Request:
    return Request(method="GET", target=target, accept=EVENT_STREAM)


def _post(target: str, body: object) -> Request:
    return Request(method="POST", target=target, body=_encode(body), key=_key())


def _key() -> str:
    return uuid.uuid4().hex


def _safe(task: str) -> str:
    return quote(task, safe="")
