"""What is kept of a task's samples: the last minutes exactly, the hours before thinned out, in bounded room. Pure.

Of the samples that fall into one slot the one with the most memory stays, so that a peak is never thinned away; its
processor share becomes the mean of the slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from msgspec.structs import replace

from procession.model.usage import TreeUsage

EXACT_S: Final = 600.0
SLOTS: Final = ((2 * 3600.0, 60.0), (7 * 86400.0, 900.0))
"""Up to this age one sample in so many seconds stays; what is older goes."""


def thinned(samples: Iterable[TreeUsage], now: float) -> list[TreeUsage]:
    """Give what stays of ``samples`` (in order of time); thinning again changes nothing while ``now`` is the same."""
    ordered = sorted(samples, key=lambda each: each.at)
    kept = [each for each in ordered if now - each.at <= EXACT_S]
    youngest = EXACT_S
    for oldest, slot_s in SLOTS:
        aged = [each for each in ordered if youngest < now - each.at <= oldest]
        kept += [_merged(list(group)) for _, group in groupby(aged, key=lambda each, slot=slot_s: each.at // slot)]  # type: ignore[misc]
        youngest = oldest
    return sorted(kept, key=lambda each: each.at)


def _merged(samples: Sequence[TreeUsage]) -> TreeUsage:
    if len(samples) == 1:
        return samples[0]
    shares = [each.cpus for each in samples if each.cpus is not None]
    return replace(max(samples, key=lambda each: each.memory_bytes), cpus=sum(shares) / len(shares) if shares else None)
