"""The one place where a pool that was given none gets its admission."""

from __future__ import annotations

import os

from procession.model.pool import check_limit
from procession.policy.admission import Admission, FixedLimit


def default_admission() -> Admission:
    """Choose for this machine: as many at once as there are processors that this process may use."""
    return at_most(len(os.sched_getaffinity(0)))


def at_most(limit: int) -> Admission:
    """Let so many run at once. Raises: UsageError: less than 1."""
    check_limit("limit", limit)
    return FixedLimit(hard_limit=limit, soft_limit=limit + 1)


def choose_admission(admission: Admission | None, limit: int | None) -> Admission:
    """Take what was given, else the fixed ``limit``, else what fits this machine. Raises: UsageError."""
    if admission is not None:
        return admission
    return default_admission() if limit is None else at_most(limit)
