"""What the jobs of `map` printed, as it is shown: job by job, never mixed; in the order of the items if asked.

A reader that is slow makes nobody wait but those who would start; what is not read yet waits in memory or in a file.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from procession.cli.jsonl import json_line
from procession.cli.map_files import STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from procession.cli.map_job import MapJob
    from procession.cli.outlet import Outlet

BACKLOG: Final = 10_000
"""So many may have ended and wait to be shown, before nobody new is started."""


class Form(Protocol):
    """Says what is written of a job, and to which stream."""

    def __call__(self, job: MapJob) -> Iterator[tuple[str, bytes]]:
        """Give pieces with their streams."""


class Shown:
    """Takes jobs that are over, and shows them. before: what to do before anything is written."""

    def __init__(self, outlets: dict[str, Outlet], form: Form, *, in_order: bool) -> None:
        self._outlets = outlets
        self._form = form
        self._in_order = in_order
        self._next = 1
        self._held: dict[int, MapJob | None] = {}
        self._ready: deque[MapJob] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_ended = False
        self.before: Callable[[], None] | None = None
        self._task = asyncio.create_task(self._show_all())

    def put(self, job: MapJob) -> None:
        """Take a job that is over."""
        self._pass(job.item.number, job)

    def skip(self, number: int) -> None:
        """Know that nothing will come of this item."""
        self._pass(number, None)

    async def wait_for_room(self) -> None:
        """Wait until it makes sense to bring more."""
        await self._room.wait()

    async def finish(self) -> None:
        """Show all there is, also what waits for somebody who never ran, and return when it was taken."""
        for number in sorted(self._held):
            self._release(self._held[number])
        self._held.clear()
        self._is_ended = True
        self._news.set()
        await self._task

    def give_up(self) -> None:
        """Show no more."""
        self._task.cancel()

    def _pass(self, number: int, job: MapJob | None) -> None:
        if not self._in_order:
            self._release(job)
        else:
            self._held[number] = job
            while self._next in self._held:
                self._release(self._held.pop(self._next))
                self._next += 1
        if len(self._held) + len(self._ready) >= BACKLOG:
            self._room.clear()

    def _release(self, job: MapJob | None) -> None:
        if job is not None:
            self._ready.append(job)
            self._news.set()

    async def _show_all(self) -> None:
        while self._ready or not self._is_ended:
            if not self._ready:
                self._news.clear()
                await self._news.wait()
                continue
            if self.before is not None:
                self.before()
            await self._show(self._ready.popleft())
            if len(self._held) + len(self._ready) < BACKLOG:
                self._room.set()

    async def _show(self, job: MapJob) -> None:
        for stream, piece in self._form(job):
            outlet = self._outlets[stream]
            outlet.put(piece)
            await outlet.wait_for_room()


def as_it_is(job: MapJob) -> Iterator[tuple[str, bytes]]:
    """Give exactly what was printed."""
    for stream in STREAMS:
        for piece in job.pieces(stream):
            yield stream, piece


def tagged(job: MapJob) -> Iterator[tuple[str, bytes]]:
    """Give each line with the item before it, and a tab between; a last line gets the end that it lacks."""
    tag = job.item.text.encode("utf-8", "surrogateescape").replace(b"\n", b" ") + b"\t"
    for stream in STREAMS:
        is_at_start = True
        for piece in job.pieces(stream):
            lines = piece.split(b"\n")
            last = lines.pop()
            text = b"".join((tag if is_at_start or place else b"") + line + b"\n" for place, line in enumerate(lines))
            if last:
                text += (tag if is_at_start or lines else b"") + last
            is_at_start = not last
            yield stream, text
        if not is_at_start:
            yield stream, b"\n"


def as_json(job: MapJob) -> Iterator[tuple[str, bytes]]:
    """Give one line with how it ended and what it printed; bytes that are no text come as base64, too."""
    facts: dict[str, Any] = job.facts()
    for stream in STREAMS:
        data = b"".join(job.pieces(stream))
        facts[stream] = text = data.decode("utf-8", "replace")
        if text.encode() != data:
            facts[f"{stream}_base64"] = b64encode(data).decode()
    yield "stdout", json_line(facts)
