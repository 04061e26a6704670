"""`up` without a terminal: each line of a task, with the task's name before it; then the summary.

Lines are shown as a terminal would leave them, safely; the logs have every byte.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from procession.cli.complaints import remark
from procession.cli.line_cutter import LineCutter
from procession.cli.summary import render_summary
from procession.cli.text import show_line
from procession.model.units import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.cli.line_cutter import PrintedLine
    from procession.cli.outlet import Outlet
    from procession.cli.summary import Summary
    from procession.cli.tail import Printed
    from procession.model.event import Event

WIDEST_NAME = 24
COLOURS = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta", "bright_blue")


class PrefixedLines:
    """The view for pipes, files and dumb terminals."""

    def __init__(self, outlet: Outlet, names: Sequence[str], *, colour: bool, quiet: bool) -> None:
        self._outlet = outlet
        self._colour = colour
        self.wants_output = not quiet
        self._cutter = LineCutter()
        width = min(max(map(len, names), default=0), WIDEST_NAME)
        self._prefixes = {name: self._prefix(name, width, index) for index, name in enumerate(names)}

    def pause(self) -> None:
        """Nothing here moves a cursor."""

    def close(self) -> None:
        """Nothing to tidy."""

    def show_event(self, event: Event) -> None:
        """Events are told by the summary; here the tasks speak."""

    async def show_output(self, printed: Printed) -> None:
        """Write what a task printed; an unfinished line is shown once it is finished or its task has ended."""
        prefix = self._prefixes[printed.task]
        lines = [f"{prefix}{_text_of(line)}\n" for line in self._cutter.cut(printed)]
        self._outlet.put("".join(lines).encode())
        await self._outlet.wait_for_room()

    def notice(self, sentence: str) -> None:
        """Say it on stderr: standard output is for the tasks' lines and the summary."""
        remark(sentence)

    def show_summary(self, summary: Summary) -> None:
        """Write how each task ended."""
        text = render_summary(summary, colour=self._colour)
        self._outlet.put(os.fsencode(f"\n{text}" if self.wants_output else text))

    def _prefix(self, name: str, width: int, index: int) -> str:
        shown = f"{name:<{width}} | "
        return click.style(shown, fg=COLOURS[index % len(COLOURS)]) if self._colour else shown


def _text_of(line: PrintedLine) -> str:
    return f"[… {format_size(line.dropped_bytes)} dropped …]" if line.dropped_bytes else show_line(line.data)
