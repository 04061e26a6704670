"""Training."""

from __future__ import annotations

import re
from typing import Final

from procession.monitor.progress.found import Found
from procession.monitor.progress.profile import Facts, Profile, profile


def _epochs(match: re.Match[bytes], _: Facts) -> Found | None:
    """Lightning counts its epochs from 0 and names the last: "Epoch 0/2" is the first of three."""
    epoch, last = int(match["epoch"]), int(match["last"])
    step, steps = int(match["current"]), int(match["total"])
    if epoch > last or not 0 < steps >= step:
        return None
    return Found(
        percent=(epoch + step / steps) / (last + 1) * 100, current=epoch * steps + step, total=(last + 1) * steps
    )


PROFILES: Final[tuple[Profile, ...]] = (
    profile(
        "lightning",  # "Epoch 1/2  ━━━╺━━━ 12/20 0:00:00 • 0:00:01 72.61it/s train_loss: 0.888"
        rb"Epoch (?P<epoch>\d+)/(?P<last>\d+) +(?:\xe2[\x94\x95][\x81\xba\xb8])+[^\d\n]*"
        rb" (?P<current>\d+)/(?P<total>\d+) ",
        by_content=True,
        read=_epochs,
    ),
    profile(
        "scikit-learn",
        rb"^(?P<label>building tree) (?P<current>\d+) of (?P<total>\d+)$",
        by_content=True,
        in_phases=True,
    ),
    profile("lightgbm", rb"^\[(?P<current>\d+)\]\t(?P<unit>\w)", by_content=True, read=lambda match, _: _rounds(match)),
)


def _rounds(match: re.Match[bytes]) -> Found:
    return Found(current=float(match["current"]), unit="rounds")
