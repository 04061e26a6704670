"""How a task does, for `show`: its progress with the time left, its health with the evidence, what it uses and used."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from procession.model.amounts import format_duration, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from procession.model.health import Health
    from procession.model.progress import Progress
    from procession.model.usage import TreeUsage, UsageHistory
    from procession.model.view import TaskView

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 40
_BAR: Final = 20


def condition_of(task: TaskView, history: UsageHistory) -> Iterator[tuple[str, str]]:
    """Give the lines of the card, each with its name; what is not known is empty."""
    yield "progress", _progress(task.progress)
    yield "health", _health(task.health)
    yield "uses", _usage(task.usage, history.pss_bytes) if task.usage is not None and not task.is_over else ""
    samples = history.samples
    if len(samples) > 1:
        span = format_duration(samples[-1].at - samples[0].at)
        peak = max(each.memory_bytes for each in samples)
        memory = sparkline([(each.at, each.memory_bytes) for each in samples])
        yield "memory", f"{memory}  peak {format_size(peak)} in {span}"
        shares = [(each.at, each.cpus or 0.0) for each in samples]
        yield "processor", f"{sparkline(shares)}  peak {max(share for _, share in shares):.2f} CPUs"


def sparkline(points: Sequence[tuple[float, float]], width: int = _WIDTH) -> str:
    """Draw a line of blocks over time, from 0 up: the highest value of each stretch; where nothing changed, the last.

    points: a time and a value each, in order.
    """
    width = min(width, 2 * len(points))
    begin, end = points[0][0], points[-1][0]
    peaks: list[float] = []
    rest = list(reversed(points))
    last = points[0][1]
    for column in range(1, width + 1):
        until = begin + (end - begin) * column / width
        values = []
        while rest and (rest[-1][0] <= until or column == width):
            last = rest.pop()[1]
            values.append(last)
        peaks.append(max(values, default=last))
    top = max(peaks)
    return "".join(_BLOCKS[int(peak / top * (len(_BLOCKS) - 1)) if top > 0 else 0] for peak in peaks)


def _progress(progress: Progress | None) -> str:
    from procession.model.table_row import bar, progress_text

    if progress is None:
        return ""
    fraction = progress.shown_fraction
    parts = [f"{bar(fraction, _BAR)} " if fraction is not None else "", progress_text(progress) or ""]
    if progress.current is not None and progress.total is not None:
        parts.append(f" ({progress.current:g} of {progress.total:g}{' ' + progress.unit if progress.unit else ''})")
    if progress.left_s is not None:
        parts.append(f", {_left(progress)} left")
    if progress.changed_at is not None:
        parts.append(f", moved {format_duration(time.time() - progress.changed_at)} ago")
    source = {"report": "it says so", "json": "from its JSON lines", "pattern": "guessed from its output"}
    parts.append(f" [{source.get(progress.source, f'from the output of {progress.tool}')}]")
    parts.append(" (sampled: it prints more than is read)" if progress.sampled else "")
    return "".join(parts)


def _left(progress: Progress) -> str:
    left = f"about {format_duration(progress.left_s or 0.0)}"
    low, high = progress.left_low_s, progress.left_high_s
    if low is None or high is None or high - low < 1:
        return left
    return f"{left} ({format_duration(low)} to {format_duration(high)})"


def _health(health: Health | None) -> str:
    from procession.model.table_row import health_text

    if health is None:
        return ""
    since = format_duration(time.time() - health.since)
    return f"{health_text(health) or 'working'} for {since}: {health.evidence}"


def _usage(usage: TreeUsage, pss_bytes: int | None) -> str:
    exact = "" if usage.memory_is_exact else " resident"
    facts = [
        f"{format_size(usage.memory_bytes)}{exact}",
        "" if pss_bytes is None else f"{format_size(pss_bytes)} proportional",
        "" if usage.cpus is None else f"{usage.cpus:.2f} CPUs",
        f"{format_duration(usage.cpu_s)} of processor time",
        f"{format_size(usage.read_bytes)} read, {format_size(usage.written_bytes)} written",
        f"{usage.processes} process{'' if usage.processes == 1 else 'es'}, {usage.threads} threads",
        "" if usage.descriptors is None else f"{usage.descriptors} descriptors",
        "" if usage.gpu_memory_bytes is None else f"{format_size(usage.gpu_memory_bytes)} on graphics processors",
    ]
    return ", ".join(fact for fact in facts if fact)
