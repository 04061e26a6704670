"""The steps of ending a tree: which signal, and how long to wait after it. Pure."""

from __future__ import annotations

import math
import signal
from collections.abc import Sequence

from procession.model.command import StopStep


def plan_stop(custom: Sequence[StopStep], grace_s: float) -> list[StopStep]:
    """Give the steps in order, the last one SIGKILL unless ``grace_s`` is infinite.

    Without a ``custom`` sequence: SIGTERM and ``grace_s`` seconds; a grace of 0 skips the polite part.
    """
    polite = list(custom) or [StopStep(int(signal.SIGTERM), grace_s)]
    if grace_s <= 0:
        polite = []
    if math.isinf(grace_s):
        return polite
    return [*polite, StopStep(int(signal.SIGKILL), math.inf)]


def plan_abort(grace_s: float) -> tuple[StopStep, ...]:
    """Give the polite part for a program that gives no sign of life: SIGABRT, which leaves a core, as systemd does."""
    return (StopStep(int(signal.SIGABRT), grace_s),)
