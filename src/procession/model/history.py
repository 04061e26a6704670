"""What is kept of a task's samples: the last minutes exactly, the hours before thinned out, in bounded room. Pure.

Of the samples that fall into one slot the one with the most memory stays, so that a peak is never thinned away; its
processor share becomes the mean of the slot. A slot is thinned only as a whole, and those of a quarter of an hour are
made of those of a minute: so it makes no difference how often, and when, a store thins what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from msgspec.structs import replace

from procession.model.usage import TreeUsage

EXACT_S: Final = 600.0
SLOTS: Final = ((EXACT_S, 60.0), (2 * 3600.0, 900.0))
"""From this age on one sample in so many seconds stays."""

KEPT_S: Final = 7 * 86400.0
"""What is older goes, with the whole of the last slot."""


def thinned(samples: Iterable[TreeUsage], now: float) -> list[TreeUsage]:
    """Give what stays of ``samples``, in order of time.

    Thinning what was thinned before, with what came since, gives the same as thinning all of it now.
    """
    kept = sorted(samples, key=lambda each: each.at)
    for age_s, slot_s in SLOTS:
        kept = _thinned_to(kept, slot_s, now - age_s)
    return [each for each in kept if _end_of_slot(each, SLOTS[-1][1]) > now - KEPT_S]


def _thinned_to(samples: Sequence[TreeUsage], slot_s: float, before: float) -> list[TreeUsage]:
    """Leave one sample of each slot that had ended by then."""
    kept: list[TreeUsage] = []
    for end, group in groupby(samples, key=lambda each: _end_of_slot(each, slot_s)):
        together = list(group)
        kept += [_merged(together)] if end <= before else together
    return kept


def _end_of_slot(sample: TreeUsage, slot_s: float) -> float:
    return (sample.at // slot_s + 1) * slot_s


def _merged(samples: Sequence[TreeUsage]) -> TreeUsage:
    if len(samples) == 1:
        return samples[0]
    shares = [each.cpus for each in samples if each.cpus is not None]
    return replace(max(samples, key=lambda each: each.memory_bytes), cpus=sum(shares) / len(shares) if shares else None)
