"""What a task printed, as a stream: both of its streams in the order in which it came, from any offsets on.

The bytes come from the log files. Not here: reading those (``streams/together.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from procession.api.call import Call
from procession.api.desk import Desk
from procession.api.media import EVENT_STREAM
from procession.api.operation import Operation
from procession.api.reply import Answer, encode
from procession.api.sse import EventStream, Messages, message
from procession.errors import UnknownTask, UsageError
from procession.model.details import TaskDetails
from procession.model.view import TaskView
from procession.streams.log_start import offsets_of_last_lines, offsets_since, start_of_data
from procession.streams.replay import TimedPiece
from procession.streams.together import follow_together

_NUMBERS: Final = {"stdout": 1, "stderr": 2, "messages": 3}
_MESSAGES: Final = 3
_NAMES: Final = {number: name for name, number in _NUMBERS.items()}
_PRINTED: Final = frozenset({"stdout", "stderr"})
_RESUME: Final = re.compile(r"(stdout|stderr|messages):(\d{1,18})", re.ASCII)

Offset = Annotated[int, Meta(ge=0)]


class LogQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which streams (``both``: what it prints), where to start, and whether to wait for more until the task is over.

    Where to start: at offsets; else at the last ``tail`` lines and not before ``since``; else at the beginning.
    """

    stream: Literal["stdout", "stderr", "both", "messages"] = "both"
    offset_stdout: Offset | None = None
    offset_stderr: Offset | None = None
    tail: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    since: Annotated[float, Meta(ge=0)] | None = None
    follow: bool = False


class Output(Struct, frozen=True, kw_only=True):
    """A piece of a log, or a gap in it. ``base64`` instead of ``text`` where it is no whole UTF-8."""

    task: str
    stream: str
    offset: int
    at: float | None
    text: str | UnsetType = UNSET
    data: bytes | UnsetType = field(default=UNSET, name="base64")
    gap_bytes: int | UnsetType = UNSET


async def stream_logs(call: Call) -> Answer:
    """Answer with a stream of ``output``, and ``end`` with the task as it stands then."""
    details = call.desk.details(call.id)
    paths = _choose(details.logs, call.query.stream)
    offsets = await _find_start(call, paths, details.note)
    return EventStream(_read(call.desk, details, paths, offsets, follow=call.query.follow), call.ending)


def _choose(logs: Mapping[str, str], wanted: str) -> dict[int, str]:
    paths: dict[int, str] = {}
    for stream, number in _NUMBERS.items():
        path = logs.get(stream)
        is_wanted = wanted == stream or (wanted == "both" and stream in _PRINTED)
        if path is not None and is_wanted and path not in paths.values():
            paths[number] = path
    return paths


async def _find_start(call: Call, paths: Mapping[int, str], note: str | None) -> dict[int, int]:
    query: LogQuery = call.query
    if (last := call.request.headers.get("last-event-id")) is not None:
        return _parse_resume(last)
    if query.offset_stdout is not None or query.offset_stderr is not None:
        return {1: query.offset_stdout or 0, 2: query.offset_stderr or 0}
    starts = {number: start_of_data(path) if number == _MESSAGES else 0 for number, path in paths.items()}
    if query.tail is not None:
        starts = await offsets_of_last_lines(paths, note, query.tail)
    if query.since is not None:
        since = await offsets_since(paths, note, query.since)
        starts = {stream: max(start, since[stream]) for stream, start in starts.items()}
    return starts


def _parse_resume(text: str) -> dict[int, int]:
    offsets = {}
    for part in text.split(";"):
        match = _RESUME.fullmatch(part)
        if match is None:
            raise UsageError(f"Last-Event-ID is like stdout:12;stderr:0, got {text!r}")
        offsets[_NUMBERS[match[1]]] = int(match[2])
    return offsets


async def _read(
    desk: Desk, details: TaskDetails, paths: Mapping[int, str], offsets: dict[int, int], *, follow: bool
) -> Messages:
    id_ = details.task.id
    async with (
        _over(desk, id_, follow=follow) as over,
        contextlib.aclosing(follow_together(paths, details.note, dict(offsets), done=over)) as pieces,
    ):
        async for each in pieces:
            offsets[each.stream] = each.piece.end
            yield message("output", msgspec.json.encode(_output(id_, each)), _resume(paths, offsets))
    yield message("end", encode(_last_view(desk, id_)), _resume(paths, offsets))


@contextlib.asynccontextmanager
async def _over(desk: Desk, id_: str, *, follow: bool) -> AsyncIterator[asyncio.Event]:
    """An event that is set once the task is over, or removed; at once if nobody wants to wait."""
    over = asyncio.Event()
    if not follow:
        over.set()
        yield over
        return
    waiting = asyncio.ensure_future(desk.wait(id_))
    waiting.add_done_callback(lambda _: over.set())
    try:
        yield over
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])
        if not waiting.cancelled():
            waiting.exception()  # looked at: that the task was removed is no news here


def _output(id_: str, each: TimedPiece) -> Output:
    piece = each.piece
    at = None if each.time_ns is None else each.time_ns / 1e9
    stream = _NAMES[each.stream]
    if piece.gap_bytes:
        return Output(task=id_, stream=stream, offset=piece.offset, at=at, gap_bytes=piece.gap_bytes)
    try:
        return Output(task=id_, stream=stream, offset=piece.offset, at=at, text=piece.data.decode())
    except UnicodeDecodeError:
        return Output(task=id_, stream=stream, offset=piece.offset, at=at, data=piece.data)


def _resume(paths: Mapping[int, str], offsets: Mapping[int, int]) -> str:
    return ";".join(f"{_NAMES[stream]}:{offsets.get(stream, 0)}" for stream in sorted(paths))


def _last_view(desk: Desk, id_: str) -> TaskView | None:
    try:
        return desk.get(id_)
    except UnknownTask:
        return None


OPERATIONS = (
    Operation(
        name="logs",
        method="GET",
        path="/v1/tasks/{id}/logs",
        says="What a task printed, as a stream, from any offset on",
        act=stream_logs,
        query=LogQuery,
        answer=Output,
        media=(EVENT_STREAM,),
        problems=(404,),
    ),
)
