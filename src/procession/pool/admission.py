"""The one place where a pool that was given none gets its admission."""

from __future__ import annotations

import time

from procession.model.pool import PoolSettings, check_limit
from procession.policy.admission import Admission, FixedLimit
from procession.policy.choice import admission_of


def default_admission() -> Admission:
    """Choose what looks at the machine: as many at once as it can bear."""
    return admission_of(PoolSettings(), {}, time.time() - time.monotonic())


def at_most(limit: int) -> Admission:
    """Let so many run at once. Raises: UsageError: less than 1."""
    check_limit("limit", limit)
    return FixedLimit(hard_limit=limit, soft_limit=limit + 1)


def choose_admission(admission: Admission | None, limit: int | None) -> Admission:
    """Take what was given, else the fixed ``limit``, else what fits this machine. Raises: UsageError."""
    if admission is not None:
        return admission
    return default_admission() if limit is None else at_most(limit)
