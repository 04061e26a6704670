"""From readings to the one value of a task: never full before its end, never backwards, with a rate and a time left.

A percentage that falls back begins a new phase; from then on nobody can say how much of the whole is done. What the
program itself reports comes before what it prints. The exit status alone says how it ended: success fills a bar that
was begun, failure leaves it where it was.
The time left is a guess from two rates, that of the last stretch and that of the whole phase, half by half; the range
is that of the rates of the last stretches. Source of the blend: docs/design/monitoring.md.
Pure: times are seconds that never jump. Not here: the readings (`reader`).
"""

from __future__ import annotations

from collections import deque
from typing import Final

from msgspec.structs import replace

from procession.model.progress import Progress, Source
from procession.monitor.progress.found import Reading

_ALMOST: Final = 0.995
"""What a full bar is before its end."""

_FALLEN: Final = 0.3
_LEAST_SHARE: Final = 0.02
_LEAST_S: Final = 5.0
_STRETCHES: Final = 12
_STRETCH_SHARE: Final = 0.1
"""A stretch of the past is a tenth of what has passed, at least a second."""


class ProgressTracker:
    """The progress of one attempt. ``began_at_s``: when it began."""

    __slots__ = (
        "_best", "_is_reported", "_phase", "_phase_began_at_s", "_phases", "_points", "_value",
        "moved_at_s",
    )  # fmt: skip

    def __init__(self, began_at_s: float) -> None:
        self._phase_began_at_s = began_at_s
        self._phase: str | None = None
        self._best: float | None = None
        self._phases = 1
        self._points: deque[tuple[float, float]] = deque(maxlen=_STRETCHES)
        self._value: Progress | None = None
        self._is_reported = False
        self.moved_at_s = began_at_s
        """When it last moved: a phase, a fraction or a count. To say the same again is no movement."""

    @property
    def value(self) -> Progress | None:
        """How far it is; None while nothing is known."""
        return self._value

    def take(self, reading: Reading, at_s: float, *, sampled: bool = False) -> None:
        """Take what its output says now; once the program reports by itself, that is not heard any more."""
        if self._is_reported:
            return
        found = reading.found
        fraction = None if found.percent is None else found.percent / 100
        is_whole = self._note(fraction, found.label or None, at_s, in_phases=found.in_phases)
        self._tell(
            at_s,
            is_whole=is_whole,
            source=reading.source,
            tool=reading.tool,
            current=found.current,
            total=found.total,
            unit=found.unit,
            confidence=reading.confidence,
            sampled=sampled,
        )

    def report(self, fraction: float | None, phase: str | None, at_s: float) -> None:
        """Take what the program says of itself; that is the whole, and it may correct itself downwards."""
        self._is_reported = True
        before = self._best
        if phase != self._phase:
            self._phase_began_at_s = at_s if phase is not None else self._phase_began_at_s
        if phase != self._phase or fraction != before:
            self.moved_at_s = at_s
        if fraction is not None and before is not None and fraction < before:
            self._points.clear()
        self._phase, self._best = phase, fraction
        self._tell(at_s, is_whole=True, source="report")

    def end(self, *, success: bool, at_s: float) -> None:
        """It has ended."""
        if self._value is None:
            return
        done = {name: 1.0 for name in ("fraction", "phase_fraction") if getattr(self._value, name) is not None}
        changes: dict[str, object] = {"left_s": None, "left_low_s": None, "left_high_s": None, "rate": None}
        if success and done:
            changes |= done | {"left_s": 0.0}
            self.moved_at_s = at_s
        self._value = replace(self._value, **changes)

    def _note(self, fraction: float | None, label: str | None, at_s: float, *, in_phases: bool) -> bool:
        """Note where it is; say whether that is the whole."""
        is_new = self._best is not None and fraction is not None and fraction < self._best - _FALLEN
        if in_phases and label != self._phase and self._best is not None:
            is_new = True
        if is_new:
            self._phases += 1
            self._phase_began_at_s = at_s
            self._points.clear()
            self._best = None
        best = self._best if fraction is None else max(fraction, self._best or 0.0)
        if is_new or best != self._best:
            self.moved_at_s = at_s
        self._phase, self._best = label, best
        return not in_phases and self._phases == 1

    def _tell(
        self,
        at_s: float,
        *,
        is_whole: bool,
        source: Source,
        tool: str | None = None,
        current: float | None = None,
        total: float | None = None,
        unit: str | None = None,
        confidence: float = 1.0,
        sampled: bool = False,
    ) -> None:
        fraction = None if self._best is None else min(self._best, _ALMOST)
        before = self._value
        if before is not None and (before.current, before.phase) != (current, self._phase) and fraction is None:
            self.moved_at_s = at_s
        measured = fraction if fraction is not None else current
        rate, slow, fast = self._rates(measured, at_s)
        left = None if fraction is None or not rate else (1 - fraction) / rate
        is_early = fraction is None or fraction < _LEAST_SHARE or at_s - self._phase_began_at_s < _LEAST_S
        per_count = total if fraction is not None and current is not None and total else 1.0
        self._value = Progress(
            source=source,
            fraction=fraction if is_whole else None,
            phase=self._phase,
            phase_fraction=None if is_whole else fraction,
            current=current,
            total=total,
            unit=unit,
            rate=None if rate is None else rate * (per_count or 1.0),
            left_s=None if is_early else left,
            left_low_s=None if is_early or not fast or fraction is None else (1 - fraction) / fast,
            left_high_s=None if is_early or not slow or fraction is None else (1 - fraction) / slow,
            tool=tool,
            confidence=confidence,
            sampled=sampled,
        )

    def _rates(self, measured: float | None, at_s: float) -> tuple[float | None, float | None, float | None]:
        """Give the rate, and the slowest and fastest of late, of what is measured."""
        if measured is None:
            return None, None, None
        elapsed_s = at_s - self._phase_began_at_s
        stretch_s = max(elapsed_s * _STRETCH_SHARE, 1.0)
        if not self._points or at_s - self._points[-1][0] >= stretch_s:
            self._points.append((at_s, measured))
        whole = measured / elapsed_s if elapsed_s > 0 else None
        recent = [
            (later - sooner) / (then - before)
            for (before, sooner), (then, later) in zip(self._points, list(self._points)[1:], strict=False)
            if then > before
        ]
        last = recent[-1] if recent else None
        if whole is None or whole < 0:
            return None, None, None
        rate = whole if last is None or last < 0 else (whole + last) / 2
        positive = [each for each in (*recent, rate) if each > 0]
        return (rate, min(positive), max(positive)) if positive else (None, None, None)
