"""`up` on a terminal: one table that redraws itself, a row per task, with what each said last.

Drawn by a thread of rich, four times a second, from a picture that the event loop takes; so a stopped terminal (Ctrl-S)
stops the drawing and nothing else. What fits on the screen is shown, those that run first.
Not here: how it ended (``summary``).
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from procession.cli.job_control import is_in_foreground
from procession.cli.picture import Picture, take_picture
from procession.cli.summary import render_summary
from procession.model.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.cli.outlet import Outlet
    from procession.cli.picture import Row
    from procession.cli.summary import Summary
    from procession.cli.tail import Printed
    from procession.model.event import Event
    from procession.model.view import TaskView

REFRESHES_PER_S = 4
LINES_AROUND = 4
STYLES = {
    "running": "cyan",
    "suspended": "magenta",
    "stopping": "magenta",
    "queued": "dim",
    "succeeded": "green",
    "stopped": "yellow",
    "cancelled": "yellow",
}


class LiveTable:
    """The view for people at a terminal. ``list_tasks`` gives the tasks as they stand."""

    def __init__(self, outlet: Outlet, list_tasks: Callable[[], list[TaskView]], *, colour: bool) -> None:
        self._outlet = outlet
        self._list_tasks = list_tasks
        self._colour = colour
        self._notice = ""
        self._console = Console(file=sys.stdout, no_color=not colour, highlight=False, emoji=False, markup=False)
        self._live: Live | None = None
        self._began_at = time.time()
        self._picture = Picture()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_soon(self._tick)

    wants_output = False

    def show_event(self, event: Event) -> None:
        """The next picture shows it."""

    async def show_output(self, printed: Printed) -> None:
        """The next picture has the last line."""

    def notice(self, sentence: str) -> None:
        """Say it below the table."""
        self._notice = sentence

    def pause(self) -> None:
        """Take the table off the screen. It comes back when the terminal is ours again."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def close(self) -> None:
        """Take the table off the screen for good."""
        self._timer.cancel()
        self.pause()

    def show_summary(self, summary: Summary) -> None:
        """Write how each task ended, where the table was."""
        self._outlet.put(os.fsencode(render_summary(summary, colour=self._colour)))

    def _tick(self) -> None:
        self._picture = take_picture(self._list_tasks(), self._notice)
        if self._live is None and is_in_foreground(1):
            self._live = self._begin()
        self._timer = self._loop.call_later(1 / REFRESHES_PER_S, self._tick)

    def _begin(self) -> Live:
        live = Live(
            console=self._console,
            get_renderable=self._draw,
            refresh_per_second=REFRESHES_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        live.start(refresh=True)
        return live

    def _draw(self) -> Group:
        return draw(self._picture, self._console.height, time.time(), self._began_at)


def draw(picture: Picture, height: int, now: float, began_at: float) -> Group:
    """Draw what fits into ``height`` lines."""
    table = Table.grid(padding=(0, 2), expand=True)
    for options in ({"max_width": 30}, {"min_width": 9}, {"justify": "right", "min_width": 8}, {"ratio": 1}):
        table.add_column(no_wrap=True, overflow="ellipsis", **options)
    rows = picture.most_telling(max(height - LINES_AROUND, 1))
    for row in rows:
        table.add_row(*_cells(row, now))
    hidden = len(picture.rows) - len(rows)
    more = f"… and {hidden} more. " if hidden else ""
    counted = f"{format_duration(now - began_at)}: {more}{picture.counted()}"
    footer = Text(counted, style="dim", no_wrap=True, overflow="ellipsis")
    return Group(table, footer, Text(picture.notice, style="yellow", no_wrap=True, overflow="ellipsis"))


def _cells(row: Row, now: float) -> tuple[Text, ...]:
    began = row.began_at
    lasted = "" if began is None else format_duration(max((row.ended_at or now) - began, 0.0))
    style = STYLES.get(row.word, "red")
    return Text(row.name), Text(row.word.replace("_", " "), style=style), Text(lasted), Text(row.text, style="dim")
