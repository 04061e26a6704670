"""Which policy of admission the figures of a pool ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from procession.policy.adaptive import Adaptive
from procession.policy.admission import Admission, FixedLimit
from procession.policy.footprint import remembered

if TYPE_CHECKING:
    from procession.model.pool import PoolSettings


def admission_of(pool: PoolSettings, learned: Mapping[str, bytes], wall_offset_s: float) -> Admission:
    """Give the policy. learned: what is known from earlier runs. wall_offset_s: from its clock to the time of day."""
    if pool.policy == "fixed":
        return FixedLimit(hard_limit=pool.hard_limit, soft_limit=pool.soft_limit)
    return Adaptive(pool, footprints=remembered(learned), wall_offset_s=wall_offset_s)
