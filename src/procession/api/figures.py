"""Figures for Prometheus, in its text format; what they are called comes from OpenTelemetry's conventions.

Labels are bounded: so many tasks that run stand by name, those with the most memory; the others are one sum.
Source: the Prometheus exposition format 0.0.4; OpenTelemetry semantic conventions for processes, and their translation
to Prometheus (units and ``_total`` as suffixes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import CollectorRegistry

from procession.api.desk import Desk
from procession.model.health import Liveness
from procession.model.selection import Selection
from procession.model.state import LIVE
from procession.model.usage import TreeUsage
from procession.model.view import TaskView

TASKS_BY_NAME: Final = 500
OTHERS: Final = "(others)"

_GAUGES: Final[tuple[tuple[str, str, Callable[[TreeUsage], float | None]], ...]] = (
    ("process_memory_usage_bytes", "Memory of all processes of a task", lambda used: used.memory_bytes),
    ("process_thread_count", "Threads of all processes of a task", lambda used: used.threads),
    ("process_unix_file_descriptor_count", "Descriptors of all processes of a task", lambda used: used.descriptors),
    ("procession_task_processes", "Processes of a task", lambda used: used.processes),
    ("procession_task_gpu_memory_bytes", "Memory on graphics processors", lambda used: used.gpu_memory_bytes),
)


def write_figures(desk: Desk) -> bytes:
    """Give the figures of this moment as text."""
    registry = CollectorRegistry()
    registry.register(_Figures(desk))
    text: bytes = generate_latest(registry)
    return text


class _Figures:
    """Collects them from a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Give each family."""
        status = self._desk.status()
        tasks = GaugeMetricFamily("procession_tasks", "Tasks by state", labels=["state"])
        for state, count in status.counts.items():
            tasks.add_metric([state], count)
        yield tasks
        yield GaugeMetricFamily("procession_start_time_seconds", "When the daemon began", value=status.started_at)
        yield CounterMetricFamily("procession_events", "Events so far", value=status.last_event)
        views = self._desk.find(Selection(all=True), states=LIVE)
        named, others = _by_name(views)
        yield from _gauges(named, others)
        yield from _counters(named, others)
        yield from _health(named)


def _by_name(views: Sequence[TaskView]) -> tuple[list[TaskView], list[TaskView]]:
    ordered = sorted(views, key=lambda view: view.usage.memory_bytes if view.usage else 0, reverse=True)
    return ordered[:TASKS_BY_NAME], ordered[TASKS_BY_NAME:]


def _gauges(named: Sequence[TaskView], others: Sequence[TaskView]) -> Iterator[Metric]:
    for name, says, read in _GAUGES:
        family = GaugeMetricFamily(name, says, labels=["task", "group"])
        _fill(family, named, others, read)
        yield family


def _counters(named: Sequence[TaskView], others: Sequence[TaskView]) -> Iterator[Metric]:
    cpu = CounterMetricFamily("process_cpu_time_seconds", "Processor time of a task", labels=["task", "group"])
    _fill(cpu, named, others, lambda used: used.cpu_s)
    yield cpu
    io = CounterMetricFamily(
        "process_disk_io_bytes", "Bytes from and to storage", labels=["task", "group", "direction"]
    )
    _fill(io, named, others, lambda used: used.read_bytes, "read")
    _fill(io, named, others, lambda used: used.written_bytes, "write")
    yield io


def _fill(
    family: Any,
    named: Sequence[TaskView],
    others: Sequence[TaskView],
    read: Callable[[TreeUsage], float | None],
    *labels: str,
) -> None:
    for view in named:
        value = read(view.usage) if view.usage else None
        if value is not None:
            family.add_metric([view.id, view.group or "", *labels], value)
    rest = [value for view in others if view.usage and (value := read(view.usage)) is not None]
    if rest:
        family.add_metric([OTHERS, "", *labels], sum(rest))


def _health(named: Sequence[TaskView]) -> Iterator[Metric]:
    stalled = GaugeMetricFamily("procession_task_stalled", "Whether a task has stalled", labels=["task", "group"])
    progress = GaugeMetricFamily("procession_task_progress_ratio", "How far a task is", labels=["task", "group"])
    for view in named:
        labels = [view.id, view.group or ""]
        if view.health is not None:
            stalled.add_metric(labels, view.health.liveness is Liveness.STALLED)
        if view.progress is not None and view.progress.shown_fraction is not None:
            progress.add_metric(labels, view.progress.shown_fraction)
    yield stalled
    yield progress
