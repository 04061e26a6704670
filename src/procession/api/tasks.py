"""Tasks: listing, submitting, showing, and changing what is still queued."""

from __future__ import annotations

import os
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field, structs

from procession.api.call import Call
from procession.api.media import JSON, TABLE
from procession.api.operation import Operation
from procession.api.reply import Answer, json_reply
from procession.api.selection import SelectQuery
from procession.api.table import table_reply
from procession.errors import UsageError
from procession.model.context import Context
from procession.model.record import AttemptRecord
from procession.model.state import State
from procession.model.task import Dependency, Task
from procession.model.view import TaskView


class ListQuery(SelectQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tasks, in which states, and how many of the newest."""

    all: bool = False
    state: tuple[State, ...] = ()
    limit: Annotated[int, Meta(ge=1)] | None = None


class Tasks(Struct, frozen=True):
    """Tasks, newest last."""

    tasks: list[TaskView]


class Submit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tasks of which all are accepted or none; ``context`` is what they inherit. ``now``: one that must not wait."""

    tasks: tuple[Task, ...]
    context: Context | None = None
    replace: bool = False
    now: bool = False


class Submitted(Struct, frozen=True):
    """The ids, in the order of the tasks."""

    ids: list[str]


class LogFacts(Struct, frozen=True):
    """Where a log lies and how long it is, what its bound removed included."""

    path: str
    size_bytes: int


class Shown(Struct, frozen=True):
    """A task, its attempts from the first, and its logs by stream."""

    task: TaskView
    attempts: tuple[AttemptRecord, ...]
    logs: dict[str, LogFacts]


class Edit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What shall be different; what is not given stays."""

    priority: int | UnsetType = UNSET
    group: str | UnsetType | None = UNSET
    after: tuple[Dependency, ...] | UnsetType = UNSET
    retries: int | UnsetType = UNSET
    retry_delay_s: float | UnsetType = UNSET
    retry_factor: float | UnsetType = UNSET
    retry_jitter: float | UnsetType = UNSET
    retry_delay_limit_s: float | UnsetType = UNSET
    kind: str | UnsetType | None = UNSET
    protect: bool | UnsetType = UNSET
    contain: bool | UnsetType = UNSET
    memory_bytes: int | UnsetType | None = field(default=UNSET, name="need.memory_bytes")
    cpus: float | UnsetType | None = field(default=UNSET, name="need.cpus")
    gpus: int | UnsetType = field(default=UNSET, name="need.gpus")
    tokens: dict[str, int] | UnsetType = field(default=UNSET, name="need.tokens")
    argv: tuple[str, ...] | UnsetType = field(default=UNSET, name="command.argv")
    cwd: str | UnsetType | None = field(default=UNSET, name="command.cwd")
    env: dict[str, str | None] | UnsetType = field(default=UNSET, name="command.env")
    timeout_s: float | UnsetType | None = field(default=UNSET, name="command.timeout_s")
    grace_s: float | UnsetType = field(default=UNSET, name="command.grace_s")


async def list_tasks(call: Call) -> Answer:
    """Answer with tasks, or with the rows of a table where that was asked for."""
    query: ListQuery = call.query
    selection = query.selection()
    if TABLE in call.request.headers.get("accept", ""):
        return table_reply(call.desk.table_rows(selection, states=query.state, limit=query.limit))
    return json_reply(Tasks(call.desk.find(selection, states=query.state, limit=query.limit)))


async def submit(call: Call) -> Answer:
    """Accept all or none."""
    if not call.body.tasks:
        raise UsageError("there is no task to submit", field="tasks")
    body = call.body
    ids = call.desk.submit_all(body.tasks, context=body.context, replace=body.replace, now=body.now)
    return json_reply(Submitted(ids), 201)


async def show(call: Call) -> Answer:
    """Answer with all that is known of one task."""
    details = call.desk.details(call.id)
    logs = {stream: LogFacts(path, _size(path)) for stream, path in details.logs.items()}
    return json_reply(Shown(details.task, details.attempts, logs))


async def edit(call: Call) -> Answer:
    """Change what was given, and answer with the task."""
    values = {each.encode_name: getattr(call.body, each.name) for each in structs.fields(Edit)}
    changes = {name: value for name, value in values.items() if value is not UNSET}
    if not changes:
        raise UsageError("there is nothing to change", hint="give at least one field")
    return json_reply(call.desk.edit(call.id, **changes))


def _size(path: str) -> int:
    try:
        return os.stat(path, follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0


OPERATIONS = (
    Operation(
        name="list_tasks",
        method="GET",
        path="/v1/tasks",
        says="Tasks, newest last",
        act=list_tasks,
        query=ListQuery,
        answer=Tasks,
        media=(JSON, TABLE),
        problems=(404,),
    ),
    Operation(
        name="submit",
        method="POST",
        path="/v1/tasks",
        says="Accept tasks, all or none",
        act=submit,
        body=Submit,
        answer=Submitted,
        status=201,
        problems=(404, 409, 503),
    ),
    Operation(
        name="show",
        method="GET",
        path="/v1/tasks/{id}",
        says="All that is known of one task",
        act=show,
        answer=Shown,
        problems=(404,),
    ),
    Operation(
        name="edit",
        method="PATCH",
        path="/v1/tasks/{id}",
        says="Change what is still queued",
        act=edit,
        body=Edit,
        answer=TaskView,
        problems=(404, 409),
    ),
)
