"""How far a task is: one value, wherever it comes from."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Source = Literal["report", "json", "profile", "pattern"]
"""The program itself said so; it prints JSON lines; its format is known; or it looks like progress."""


class Progress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a task is, as far as that can be known. Times in ``_s`` are seconds, ``changed_at`` since the epoch.

    fraction: of all its work, from 0 to 1; None where that cannot be known, as with tools that do several things one
    after the other: then ``phase_fraction`` says how far the present one is, and ``phase`` which that is. Neither is 1
    before the task has ended, whatever was printed. current, total: in ``unit``. rate: of ``current``, else of the
    fraction, per second. left_s: how long it will take, perhaps; left_low_s and left_high_s: if it goes on as fast as
    it was lately at best, or at worst. tool: whose format it is. confidence: from 0 to 1. changed_at: when it last
    moved. sampled: so much is printed that some of it was passed over.
    """

    source: Source
    fraction: float | None = None
    phase: str | None = None
    phase_fraction: float | None = None
    current: float | None = None
    total: float | None = None
    unit: str | None = None
    rate: float | None = None
    left_s: float | None = None
    left_low_s: float | None = None
    left_high_s: float | None = None
    tool: str | None = None
    confidence: float = 1.0
    changed_at: float | None = None
    sampled: bool = False

    @property
    def shown_fraction(self) -> float | None:
        """Of everything, if that is known; else of the present phase."""
        return self.phase_fraction if self.fraction is None else self.fraction
