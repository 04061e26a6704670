"""Events as a stream that goes on where it broke off.

The live notice only wakes: events are always read from what is on disk, a page at a time, so nothing is lost, and
nothing is kept for a client that reads slowly.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from procession.api.call import Call
from procession.api.desk import Desk
from procession.api.media import EVENT_STREAM
from procession.api.operation import Operation
from procession.api.reply import Answer
from procession.api.selection import SelectQuery
from procession.api.sse import EventStream, Messages, message
from procession.errors import UnknownTask, UsageError
from procession.model.selection import does_word_name

_PAGE: Final = 256


class EventQuery(SelectQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After which number, of which tasks, and whether to wait for more."""

    after: Annotated[int, Meta(ge=0)] = 0
    follow: bool = False


class _Head(Struct, frozen=True):
    event: str
    task: str | None = None


_heads: Final = msgspec.json.Decoder(_Head)


async def stream_events(call: Call) -> Answer:
    """Answer with a stream. A ``gap`` says that events were removed that would have been sent."""
    after = _start(call)
    newest = call.desk.event_bounds()[1]
    if after > newest:
        hint = "the store was made anew; start with after=0"
        raise UsageError(f"there is no event {after} yet: the newest is {newest}", hint=hint, newest=newest)
    return EventStream(_read(call.desk, call.query, after), call.ending)


def _start(call: Call) -> int:
    last = call.request.headers.get("last-event-id")
    if last is None:
        return int(call.query.after)
    if not (last.isascii() and last.isdigit()):
        raise UsageError(f"Last-Event-ID is the number of an event, got {last!r}")
    return int(last)


async def _read(desk: Desk, query: EventQuery, after: int) -> Messages:
    wake = asyncio.Event()
    unsubscribe = desk.subscribe_committed(lambda _: wake.set()) if query.follow else None
    try:
        while True:
            wake.clear()
            oldest, newest = desk.event_bounds()
            if after + 1 < oldest:
                yield _gap(after, oldest)
                after = oldest - 1
            while after < newest and (page := desk.events_after(after, _PAGE)):
                for seq, body in page:
                    after = seq
                    if sending := _message(desk, query, seq, body):
                        yield sending
                await asyncio.sleep(0)
            if not query.follow:
                return
            if desk.event_bounds()[1] <= after:
                await wake.wait()
    finally:
        if unsubscribe is not None:
            unsubscribe()


def _gap(after: int, oldest: int) -> bytes:
    return message("gap", b'{"event":"gap","from":%d,"to":%d}' % (after + 1, oldest - 1), str(oldest - 1))


def _message(desk: Desk, query: EventQuery, seq: int, body: bytes) -> bytes | None:
    head = _heads.decode(body)
    if (query.word or query.group) and not _is_meant(desk, query, head.task):
        return None
    return message(head.event, body[:-1] + b',"seq":%d}' % seq, str(seq))


def _is_meant(desk: Desk, query: EventQuery, task: str | None) -> bool:
    if task is None:
        return False
    try:
        view = desk.get(task)
    except UnknownTask:  # removed since
        return any(does_word_name(word, task) for word in query.word)
    return view.group in query.group or any(does_word_name(word, view.id, view.name) for word in query.word)


OPERATIONS = (
    Operation(
        name="events",
        method="GET",
        path="/v1/events",
        says="Events as a stream, from any number on",
        act=stream_events,
        query=EventQuery,
        answer=None,
        media=(EVENT_STREAM,),
    ),
)
