"""From a task to the watch over its readiness, and from a watch that was in vain to the end of the attempt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from procession.model.readiness import ByLog
from procession.supervisor.acts import begin_act
from procession.supervisor.log_tail import log_paths
from procession.supervisor.readiness import ReadinessWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.model.event import Event
    from procession.model.task import Task
    from procession.supervisor.clock import Clock
    from procession.supervisor.entry import Entry


def watch_readiness(entry: Entry, clock: Clock, tell: Callable[[Event], None]) -> ReadinessWatch | None:
    """Begin to watch the attempt of ``entry`` that runs; None where nobody wants to know, or it is ready already."""
    view, task = entry.view, entry.task
    if task.ready is None or view.ready:
        return None
    since = view.started_at or clock.time()
    watch = ReadinessWatch(task.ready, since=since, offsets=entry.log_offsets, clock=clock, tell=tell)
    watch.begin(task.ready_timeout_s, lambda: begin_act(entry, lambda process: process.terminate(by="readiness")))
    return watch


def sizes_of_logs(task: Task) -> dict[str, int]:
    """Say from where on the logs of ``task`` will be those of an attempt that starts now, if that must be known."""
    if not isinstance(task.ready, ByLog):
        return {}
    return {path: os.path.getsize(path) if os.path.exists(path) else 0 for path in log_paths(task.command)}
