"""A daemon's API over a list in memory: what is submitted has its end at once, unless it is called sleep.

Started with the path of its socket; says "ready". POST /reset forgets all; POST /script sets what goes wrong next:
{"drop": n}: the next n requests are carried out, and then the connection breaks; {"break_after": n}: the next stream
breaks after n events; {"refuse": problem}: the next request is refused so. GET /seen tells what came.
"""

import asyncio
import base64
import json
import os
import sys

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from procession.model.checkpoint import Checkpoint, SaveReport
from procession.model.command import Command
from procession.model.context import Context
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.progress import Progress
from procession.model.selection import Selection, select
from procession.model.state import State
from procession.model.task import Task
from procession.model.text import printable
from procession.model.view import TaskView, view_of

NOW = 1_700_000_000.0
CODES = {"unknown_task": 404, "usage": 422, "store_unavailable": 503}


class Desk:
    def __init__(self) -> None:
        self.tasks: dict[str, TaskView] = {}
        self.given: dict[str, Task] = {}
        self.context: Context | None = None
        self.input: dict[str, bytes] = {}
        self.replies: dict[str, bytes] = {}
        self.seen: list[dict] = []
        self.script: dict = {}
        self.saved: dict[str, list[Checkpoint]] = {}
        self.draining = False
        self.changed = asyncio.Event()

    def put(self, view: TaskView) -> None:
        self.tasks[view.id] = view
        self.changed.set()
        self.changed = asyncio.Event()


desk = Desk()


class Problem(Exception):
    def __init__(self, code: str, detail: str, **fields: object) -> None:
        self.body = {"code": code, "detail": detail, "hint": "", "title": code, **fields}


def problem_reply(body: dict) -> Response:
    status = CODES.get(body["code"], 409)
    return JSONResponse(
        {"type": f"urn:procession:error:{body['code']}", "status": status, **body},
        status,
        media_type="application/problem+json",
    )


def reply(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def one(name: str) -> TaskView:
    if name not in desk.tasks:
        raise Problem("unknown_task", f"no task is called {name!r}", task=name)
    return desk.tasks[name]


def chosen(body: dict) -> list[TaskView]:
    from procession.errors import ProcessionError

    try:
        return select(msgspec.convert(body["select"], Selection), desk.tasks.values())
    except ProcessionError as error:
        fields = {"task": error.task} if hasattr(error, "task") else {}
        raise Problem(error.code, error.message, **fields) from None


def ended(view: TaskView, kind: OutcomeKind, code: int | None, message: str, **fields: object) -> TaskView:
    outcome = Outcome(kind=kind, code=code, message=message, duration_s=1.0, **fields)
    return msgspec.structs.replace(view, state=State.ENDED, ended_at=NOW + 1, outcome=outcome)


def accept(given: Task) -> str:
    name = given.name or f"t{len(desk.tasks) + 1}"
    view = msgspec.structs.replace(
        view_of(given, name, given.command.cwd, NOW), started_at=NOW, pid=4711, state=State.RUNNING
    )
    desk.given[name] = given
    program = given.command.argv[0].rpartition("/")[2]
    if program == "false":
        view = ended(view, OutcomeKind.FAILED, 7, "exited with code 7")
    elif program == "wait":
        view = msgspec.structs.replace(
            view, state=State.QUEUED, started_at=None, pid=None, waiting="3 running, limit 3"
        )
    elif program not in ("sleep", "cat"):
        view = ended(view, OutcomeKind.SUCCEEDED, 0, "exited with code 0")
    desk.put(view)
    return name


async def tasks(request: Request) -> Response:
    if request.method == "POST":
        body = await request.json()
        desk.context = msgspec.convert(body["context"], Context | None)
        given = [msgspec.convert(each, Task) for each in body["tasks"]]
        return reply({"ids": [accept(each) for each in given]}, 201)
    asked = request.query_params
    selection = {"words": asked.getlist("word"), "groups": asked.getlist("group"), "all": asked.get("all") == "true"}
    views = list(desk.tasks.values())
    if selection["words"] or selection["groups"]:
        views = chosen({"select": selection})
    views = [view for view in views if asked.get("state") in (None, view.state)]
    views = views[-int(asked.get("limit") or len(views) or 1) :]
    if "tab-separated" in request.headers["accept"]:
        rows = [
            [
                *("id", "state", "attempt", "pid", "started", "ended", "duration", "group", "waiting_or_outcome"),
                *("command", "progress", "health"),
            ]
        ]
        for view in views:
            remark = view.outcome.message if view.outcome else view.waiting
            rows.append(
                [
                    view.id,
                    view.state.value,
                    view.attempt,
                    view.pid,
                    view.started_at,
                    view.ended_at,
                    1.0 if view.started_at else None,
                    view.group,
                    remark,
                    view.command,
                    None,
                    None,
                ]
            )
        text = "".join("\t".join("" if cell is None else printable(str(cell)) for cell in row) + "\n" for row in rows)
        return PlainTextResponse(text, media_type="text/tab-separated-values")
    return reply({"tasks": [view.as_dict() for view in views]})


async def task(request: Request) -> Response:
    view = one(request.path_params["id"])
    if request.method == "PATCH":
        changes = await request.json()
        view = msgspec.structs.replace(view, **{name: value for name, value in changes.items() if "." not in name})
        desk.put(view)
        return reply(view)
    attempt = {"key": 1, "task": view.id, "attempt": 1, "phase": "over", "started_at": NOW}
    return reply(
        {"task": view, "attempts": [attempt], "logs": {"stdout": {"path": f"/logs/{view.id}/stdout", "size_bytes": 12}}}
    )


async def usage(request: Request) -> Response:
    view = one(request.path_params["id"])
    samples = [{"at": NOW + n, "processes": 1, "threads": 1, "memory_bytes": n * 1000, "cpu_s": 0.0} for n in range(3)]
    return reply(
        {"samples": samples if view.id == "long" else [], "pss_bytes": 7 if "pss" in request.query_params else None}
    )


async def act(request: Request) -> Response:
    verb, body = request.path_params["verb"], await request.json()
    views = chosen(body)
    desk.seen[-1]["body"] = body
    if verb == "checkpoint":
        return save(views)
    if verb == "wait":
        return await wait(body, [view.id for view in views])
    problems = []
    for view in views:
        if verb in ("stop", "kill", "suspend", "signal") and view.state is State.ENDED:
            problems.append(
                {"code": "already_ended", "detail": f"{view.id} has ended", "pid": view.pid, "task": view.id}
            )
        elif verb in ("stop", "kill"):
            desk.put(ended(view, OutcomeKind.STOPPED, None, "stopped by the user", signal=15, stopped_by="user"))
        elif verb in ("suspend", "resume"):
            desk.put(msgspec.structs.replace(view, state=State.SUSPENDED if verb == "suspend" else State.RUNNING))
        elif verb == "retry":
            desk.put(msgspec.structs.replace(view, state=State.RUNNING, attempt=view.attempt + 1, outcome=None))
        elif verb == "remove":
            del desk.tasks[view.id]
    now = [desk.tasks.get(view.id, view) for view in views]
    failed = {each["task"] for each in problems}
    return reply({"tasks": [view for view in now if view.id not in failed], "problems": problems})


def save(views: list[TaskView]) -> Response:
    """Whoever sleeps has a handler; a cat has none; what is over cannot be asked."""
    reports, problems = [], []
    for view in views:
        if view.is_over:
            problems.append(
                {"code": "already_ended", "detail": f"{view.id} has ended", "pid": view.pid, "task": view.id}
            )
        elif view.argv[0] == "cat":
            reports.append(SaveReport(task=view.id, answer="refused", reason="process 4711 has no handler for SIGUSR1"))
        else:
            made = checkpoint_of(view, len(desk.saved.get(view.id, [])) + 1)
            desk.saved.setdefault(view.id, []).insert(0, made)
            reports.append(SaveReport(task=view.id, answer="saved", reason=made.reason, checkpoint=made))
    return reply({"reports": reports, "problems": problems})


def checkpoint_of(view: TaskView, number: int) -> Checkpoint:
    """The first cannot be gone on from; later ones can, and a newer daemon says more of them."""
    can_resume = number > 1
    return Checkpoint(
        task=view.id,
        number=number,
        attempt=1,
        at=NOW,
        by="user",
        progress=Progress(source="report", fraction=0.4),
        saved=f"/home/ada/my model/{number}.pt",
        resume_command=("./train", "--from", f"/home/ada/my model/{number}.pt") if can_resume else None,
        cwd="/home/ada",
        can_resume=can_resume,
        reason="its resume command can be run" if can_resume else "the task has no resume_command",
        metadata={"loss": "0.1"},
    )


async def checkpoints(request: Request) -> Response:
    view = one(request.path_params["id"])
    kept = [msgspec.to_builtins(each) | {"further": True} for each in desk.saved.get(view.id, [])]
    return reply({"checkpoints": kept})


async def wait(body: dict, ids: list[str]) -> Response:
    over = any if body.get("any") else all
    if body.get("until") == "ready":
        for each in ids:
            desk.put(msgspec.structs.replace(desk.tasks[each], ready=True))
    try:
        async with asyncio.timeout(body["timeout_s"]):
            while not over(desk.tasks[each].is_over or desk.tasks[each].ready for each in ids):
                await desk.changed.wait()
        timed_out = False
    except TimeoutError:
        timed_out = True
    return reply({"tasks": [desk.tasks[each] for each in ids], "timed_out": timed_out})


async def logs(request: Request) -> Response:
    view = one(request.path_params["id"])
    begin = int((request.headers.get("last-event-id") or "stdout:0").partition("stdout:")[2].partition(";")[0])
    lines = [f"{view.id} says {number}\n" for number in range(5)][-int(request.query_params.get("tail") or 5) :]

    async def pour():
        offset = 0
        for line in lines:
            after = offset + len(line)
            if offset >= begin:
                data = {"task": view.id, "stream": "stdout", "offset": offset, "at": NOW, "text": line}
                if line == lines[2 % len(lines)]:
                    data |= {"text": "?", "base64": base64.b64encode(b"\xff\x1b[31mred\n").decode(), "gap_bytes": 3}
                yield f"id: stdout:{after};stderr:0\nevent: output\ndata: {json.dumps(data)}\n\n"
            offset = after
        if request.query_params.get("follow") == "true":
            while not desk.tasks[view.id].is_over:
                await desk.changed.wait()
        for piece in desk.input.pop(view.id, b"").splitlines(keepends=True):
            data = {"task": view.id, "stream": "stdout", "offset": offset, "at": NOW, "text": piece.decode()}
            offset += len(piece)
            yield f"id: stdout:{offset};stderr:0\nevent: output\ndata: {json.dumps(data)}\n\n"
        end = desk.tasks[view.id] if desk.tasks[view.id].is_over else None
        yield f"event: end\ndata: {msgspec.json.encode(end).decode()}\n\n"

    return StreamingResponse(breaking(pour()), media_type="text/event-stream")


async def events(request: Request) -> Response:
    after = int(request.headers.get("last-event-id") or request.query_params.get("after") or 0)

    async def pour():
        for seq in range(after + 1, 6):
            data = {"event": "ended", "at": NOW, "task": f"t{seq}", "attempt": 1, "seq": seq}
            yield f"id: {seq}\nevent: ended\ndata: {json.dumps(data)}\n\n"
        if request.query_params.get("follow") == "true":
            await asyncio.Event().wait()

    return StreamingResponse(breaking(pour()), media_type="text/event-stream")


async def breaking(stream):
    limit = desk.script.pop("break_after", None)
    sent = 0
    async for event in stream:
        yield event
        sent += 1
        if sent == limit:
            raise ConnectionAbortedError


async def give_input(request: Request) -> Response:
    view, body = one(request.path_params["id"]), await request.json()
    desk.input[view.id] = desk.input.get(view.id, b"") + base64.b64decode(body["base64"])
    if body["end"]:
        desk.put(ended(view, OutcomeKind.SUCCEEDED, 0, "exited with code 0"))
    return reply({})


async def talk(request: Request) -> Response:
    one(request.path_params["id"])
    body = await request.json()
    return reply({"answer": {"asked": body["message"]}} if request.url.path.endswith("requests") else {})


async def status(request: Request) -> Response:
    if request.method == "POST":
        desk.seen[-1]["body"] = await request.json()
        desk.draining = desk.seen[-1]["body"]["on"]
    counts: dict[str, int] = {}
    for view in desk.tasks.values():
        counts[view.state] = counts.get(view.state, 0) + 1
    return reply(
        {
            "state": "draining" if desk.draining else "running",
            "pid": 1,
            "keeper_pid": 2,
            "version": "0",
            "started_at": NOW,
            "counts": counts,
            "home": os.path.dirname(sys.argv[1]),
            "api_version": 1,
            "further": True,
        }
    )


async def clean(request: Request) -> Response:
    desk.seen[-1]["body"] = await request.json()
    return reply({"removed": ["old"], "freed_bytes": 2_000_000})


async def doctor(_: Request) -> Response:
    checks = [
        ("cgroup", True, "trees are exact", ""),
        ("disk", False, "2 % free", "make room"),
        ("inotify", None, "not known", ""),
    ]
    return reply({"checks": [dict(zip(("name", "ok", "says", "advice"), each, strict=True)) for each in checks]})


async def shutdown(_: Request) -> Response:
    return reply({"kept": 2, "ended": 0})


async def control(request: Request) -> Response:
    match request.url.path:
        case "/reset":
            desk.__init__()
        case "/script":
            desk.script.update(await request.json())
        case "/fill":
            for number in range((await request.json())["count"]):
                command = Command(argv=("make", f"part-{number}"))
                accept(Task(command=command, name=f"task-{number}"))
        case "/seen":
            given = {name: msgspec.to_builtins(each) for name, each in desk.given.items()}
            inputs = {name: data.decode() for name, data in desk.input.items()}
            return reply({"requests": desk.seen, "tasks": given, "context": desk.context, "input": inputs})
    return reply({})


class Scripted:
    """Outside of the API proper: once per key, and what goes wrong when a test wants it."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope)
        if scope["type"] != "http" or not request.url.path.startswith("/v1"):
            await self.app(scope, receive, send)
            return
        key = request.headers.get("idempotency-key")
        asked = {"method": request.method, "path": request.url.path, "query": request.url.query}
        desk.seen.append(asked | {"key": key})
        if refusal := desk.script.pop("refuse", None):
            await problem_reply(refusal)(scope, receive, send)
            return
        if key in desk.replies:
            await Response(desk.replies[key], media_type="application/json")(scope, receive, send)
            return
        sent = []

        async def keep(message) -> None:
            sent.append(message)

        if "event-stream" in request.headers.get("accept", ""):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, keep)
        if key and sent[0]["status"] < 300:
            desk.replies[key] = sent[1]["body"]
        if desk.script.get("drop", 0) > 0:
            desk.script["drop"] -= 1
            await send(sent[0])
            raise ConnectionAbortedError
        for message in sent:
            await send(message)


async def explain(_: Request, error: Exception) -> Response:
    return problem_reply(error.body)


app = Starlette(
    routes=[
        Route("/v1/status", status),
        Route("/v1/drain", status, methods=["POST"]),
        Route("/v1/tasks", tasks, methods=["GET", "POST"]),
        Route("/v1/tasks/{id}", task, methods=["GET", "PATCH"]),
        Route("/v1/tasks/{id}/usage", usage),
        Route("/v1/tasks/{verb}", act, methods=["POST"]),
        Route("/v1/tasks/{id}/checkpoints", checkpoints),
        Route("/v1/tasks/{id}/logs", logs),
        Route("/v1/tasks/{id}/input", give_input, methods=["POST"]),
        Route("/v1/tasks/{id}/messages", talk, methods=["POST"]),
        Route("/v1/tasks/{id}/requests", talk, methods=["POST"]),
        Route("/v1/events", events),
        Route("/v1/clean", clean, methods=["POST"]),
        Route("/v1/doctor", doctor),
        Route("/v1/shutdown", shutdown, methods=["POST"]),
        Route("/reset", control, methods=["POST"]),
        Route("/script", control, methods=["POST"]),
        Route("/fill", control, methods=["POST"]),
        Route("/seen", control),
    ],
    exception_handlers={Problem: explain},
)


class Announced(uvicorn.Server):
    async def startup(self, sockets=None) -> None:
        await super().startup(sockets=sockets)
        print("ready", flush=True)


if __name__ == "__main__":
    Announced(
        uvicorn.Config(
            Scripted(app), uds=sys.argv[1], log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
    ).run()
