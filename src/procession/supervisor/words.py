"""What one attempt says: how far it is by what it prints or reports, and whether it says the same again and again.

Times are the seconds in which it could run. Not here: when it said anything (`observed`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.monitor.progress.reader import OutputReader
from procession.monitor.progress.tracker import ProgressTracker
from procession.policy.looping import LoopHint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.model.progress import Progress


class Words:
    """Made with the first word: most tasks are short, and many say nothing."""

    __slots__ = ("_argv", "_pattern", "_reader", "_tracker", "looping")

    def __init__(self, argv: Sequence[str], pattern: str | None) -> None:
        self._argv = argv
        self._pattern = pattern
        self._reader: OutputReader | None = None
        self._tracker = ProgressTracker(0.0)
        self.looping = LoopHint()

    def take_output(self, stream: str, data: bytes, at_s: float, *, sampled: bool) -> None:
        """Take what it prints; ``sampled``: some of it was passed over."""
        if self._reader is None:
            self._reader = OutputReader(self._argv, pattern=self._pattern)
        self._reader.feed(stream, data)
        self.looping.feed(data, at_s)
        if self._reader.reading is not None:
            self._tracker.take(self._reader.reading, at_s, sampled=sampled)

    def take_report(self, fraction: float | None, phase: str | None, at_s: float) -> None:
        """Take what it reports; of what it does not mention, its last word counts."""
        before = self._tracker.value
        if before is not None and before.source == "report":
            fraction = before.fraction if fraction is None else fraction
            phase = before.phase if phase is None else phase
        self._tracker.report(fraction, phase, at_s)

    def end(self, *, success: bool, at_s: float) -> None:
        """It has ended."""
        self._tracker.end(success=success, at_s=at_s)

    @property
    def progress(self) -> Progress | None:
        """How far it is; None while nothing is known."""
        return self._tracker.value

    @property
    def moved_at_s(self) -> float:
        """When that last moved."""
        return self._tracker.moved_at_s
