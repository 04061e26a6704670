"""Writing the marker of each task when it is over, and taking it away when it begins anew.

What the task itself has said in it (`procession.child.done`) is kept as its result. Files are written by a thread, as
they must reach the disk before they have their names. Not here: what a marker is (`procession.ipc.marker`).
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Final

import msgspec

from procession.errors import InvalidMarker
from procession.ipc.marker import Marker, marker_path, read_marker
from procession.kernel.whole_file import remove_unfinished, write_whole
from procession.model.event import Ended, Event, Removed, Starting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.model.view import TaskView

logger = logging.getLogger("procession.task")

_LATE_S: Final = 10.0
"""Of the tasks that ended so long before the last one, an earlier supervisor may not have written the markers yet."""


class Markers:
    """Keeps the markers in ``directory``, which exists and is ours; nowhere without one."""

    def __init__(self, directory: str | None) -> None:
        self._directory = directory
        self._due: dict[str, Marker] = {}
        self._writing: dict[str, Marker] = {}
        self._written: asyncio.Task[None] | None = None

    def path_of(self, task: str) -> str | None:
        """Say where the marker of a task is."""
        return None if self._directory is None else marker_path(self._directory, task)

    def hear(self, event: Event) -> None:
        """Take what is told of a task."""
        if self._directory is None or event.task is None:
            return
        if isinstance(event, Ended):
            self._write_soon(
                Marker(task=event.task, attempt=event.attempt, outcome=event.outcome.kind, timestamp=event.at)
            )
        elif isinstance(event, (Starting, Removed)):
            self._take_away(event.task)

    async def written(self, task: str) -> None:
        """Wait until the marker of a task that is over is there."""
        while task in self._due or task in self._writing:
            assert self._written is not None
            await asyncio.shield(self._written)

    async def close(self) -> None:
        """Wait until all are there."""
        while self._written is not None:
            await asyncio.shield(self._written)

    def catch_up(self, ended: Sequence[TaskView]) -> None:
        """Write what an earlier supervisor may not have had the time to write, and remove what it left unfinished."""
        if self._directory is None:
            return
        last_at = max((view.ended_at or 0.0 for view in ended), default=0.0)
        for view in ended:
            if view.outcome is not None and (view.ended_at or 0.0) >= last_at - _LATE_S:
                self._write_soon(
                    Marker(task=view.id, attempt=view.attempt, outcome=view.outcome.kind, timestamp=view.ended_at)
                )
        remove_unfinished(self._directory)

    def _write_soon(self, marker: Marker) -> None:
        self._due[marker.task] = marker
        if self._written is None:
            self._written = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        """Write what is due, many in one go, until nothing is."""
        try:
            while self._due:
                self._writing, self._due = self._due, {}
                await asyncio.to_thread(self._write_each, list(self._writing.values()))
                self._writing = {}
        finally:
            self._writing = {}
            self._written = None

    def _write_each(self, markers: list[Marker]) -> None:
        for marker in markers:
            path = self.path_of(marker.task)
            assert path is not None
            if self._writing.get(marker.task) is not marker:
                continue
            try:
                write_whole(path, msgspec.json.encode(_with_result(path, marker)) + b"\n")
            except OSError as error:
                logger.error("the marker of %s cannot be written: %s", marker.task, error)  # noqa: TRY400
            if self._writing.get(marker.task) is not marker:  # it has begun anew meanwhile
                _unlink(path)

    def _take_away(self, task: str) -> None:
        self._due.pop(task, None)
        self._writing.pop(task, None)
        path = self.path_of(task)
        assert path is not None
        _unlink(path)


def _with_result(path: str, marker: Marker) -> Marker:
    """Add what this attempt itself has said in the marker."""
    try:
        own = read_marker(path, marker.task)
    except FileNotFoundError:
        return marker
    except InvalidMarker as error:
        logger.warning("%s", error)
        return marker
    if own.attempt not in (None, marker.attempt):
        return marker
    return msgspec.structs.replace(marker, result=own.result)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        logger.error("the marker %s cannot be removed: %s", path, error)  # noqa: TRY400
