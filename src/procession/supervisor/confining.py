"""CONFINES: gives a task that wants it a hard limit of memory, and takes the limit back when it has ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from procession.kernel import memory_group

if TYPE_CHECKING:
    from procession.supervisor.entry import Entry

logger = logging.getLogger("procession.pool")


class Confining:
    """The groups of those that run, by id."""

    def __init__(self) -> None:
        self._groups: dict[str, str] = {}

    def begin(self, entry: Entry, pid: int) -> None:
        """Limit an attempt that has just started, if its task wants that; one taken over is limited already."""
        limit_bytes = entry.task.need.memory_bytes
        if entry.task.contain and limit_bytes is not None:
            process = entry.attempt.process if entry.attempt else None
            leaf = None if process is None else process.tree_mark.leaf
            try:
                self._groups[entry.id] = memory_group.group_of(pid) or memory_group.confine(pid, limit_bytes, leaf)
            except OSError as error:
                logger.error("the memory of %s is not limited: %s", entry.id, error)  # noqa: TRY400 - it says it all

    def end(self, entry: Entry) -> None:
        """Take the limit back: nothing is left of the attempt."""
        group = self._groups.pop(entry.id, None)
        if group is not None:
            memory_group.remove(group)
