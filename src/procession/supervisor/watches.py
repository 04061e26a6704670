"""From a task to what is watched of its attempt, and what follows: whether it is ready, whether it is done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from procession.model.state import State
from procession.supervisor.acts import begin_act
from procession.supervisor.completion import CompletionWatch
from procession.supervisor.log_tail import log_paths
from procession.supervisor.readiness import ReadinessWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.model.event import Event
    from procession.model.task import Task
    from procession.supervisor.clock import Clock
    from procession.supervisor.entry import Entry
    from procession.supervisor.watch import Watch


def begin_watches(entry: Entry, clock: Clock, tell: Callable[[Event], None]) -> tuple[Watch, ...]:
    """Begin to watch the attempt of ``entry`` that runs, for all that somebody wants to know and is not known yet."""
    view, task = entry.view, entry.task
    since = view.started_at or clock.time()
    watches: list[Watch] = []
    if task.ready is not None and not view.ready:
        watch = ReadinessWatch(task.ready, since=since, offsets=entry.log_offsets, clock=clock, tell=tell)
        give_up = lambda: begin_act(entry, lambda process: process.terminate(by="readiness"))  # noqa: E731
        watch.begin(task.ready_timeout_s, give_up, is_suspended=view.state is State.SUSPENDED)
        watches.append(watch)
    if task.done_when is not None:
        end = lambda: begin_act(entry, lambda process: process.terminate(by="done"))  # noqa: E731
        grace_s = task.command.grace_s
        watches.append(CompletionWatch(task.done_when.path, since, clock=clock, tell=tell, grace_s=grace_s, end=end))
    return tuple(watches)


def sizes_of_logs(task: Task) -> dict[str, int]:
    """Say from where on the logs of ``task`` will be those of an attempt that starts now: all attempts append."""
    return {path: os.path.getsize(path) if os.path.exists(path) else 0 for path in log_paths(task.command)}
