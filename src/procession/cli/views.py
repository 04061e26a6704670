"""What every view of `up` can do, and which one is right here: a live table, prefixed lines, or JSON."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

from procession.cli.job_control import is_in_foreground
from procession.cli.jsonl import JsonLines
from procession.cli.lines import PrefixedLines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from procession.cli.outlet import Outlet
    from procession.cli.summary import Summary
    from procession.cli.tail import Printed
    from procession.model.event import Event
    from procession.model.view import TaskView


def choose_view(
    outlet: Outlet,
    list_tasks: Callable[[], list[TaskView]],
    names: Sequence[str],
    *,
    as_json: bool,
    colour: bool | None,
    quiet: bool,
) -> View:
    """Give the view that was asked for, or that fits standard output. ``colour`` None means: as it fits."""
    if as_json:
        return JsonLines(outlet)
    in_colour = wants_colour() if colour is None else colour
    if not can_be_live() or quiet:
        return PrefixedLines(outlet, names, colour=in_colour, quiet=quiet)
    from procession.cli.table import LiveTable

    return LiveTable(outlet, list_tasks, colour=in_colour)


class View(Protocol):
    """Shows a run of `up` while it lasts, and how it ended."""

    @property
    def wants_output(self) -> bool:
        """Whether it shows what the tasks print, piece by piece."""

    def show_event(self, event: Event) -> None:
        """Show a fact."""

    async def show_output(self, printed: Printed) -> None:
        """Show what a task printed; wait while nobody reads what we show."""

    def notice(self, sentence: str) -> None:
        """Tell the user something that is no data."""

    def pause(self) -> None:
        """Leave the terminal alone: we are about to be stopped."""

    def close(self) -> None:
        """Show nothing live any more."""

    def show_summary(self, summary: Summary) -> None:
        """Show how it ended, after ``close``."""


def can_be_live() -> bool:
    """Whether a table that redraws itself has its place: a terminal that can, and that is ours now."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and is_in_foreground(1)


def wants_colour() -> bool:
    """Whether colours are welcome, where the user did not say (https://no-color.org)."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("NO_COLOR")
