"""What a task file and the daemon's configuration may say in ``[pool]``, and what a task may say of its need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from procession.model import field_readers as fields
from procession.model.pool import POLICIES


def read_share(value: object) -> float:
    """Take a share above 0 and up to 1, or a text like ``80%``."""
    given = fields.share_of(value) if isinstance(value, str) and value.endswith("%") else value
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given <= 1:
        raise fields.Misfit(f"expected a share like 0.8 or 80%, {fields.got(value)}")
    return float(given)


def read_cpus(value: object) -> float:
    """Take a number of processors, which need not be whole."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6:
        raise fields.Misfit(f"expected a number of processors like 2 or 0.5, {fields.got(value)}")
    return float(value)


def read_counts(value: object) -> dict[str, int]:
    """Take a table of whole numbers from 1."""
    if not isinstance(value, dict):
        raise fields.Misfit(f"expected a table like {{ ansys = 1 }}, {fields.got(value)}")
    return {name: fields.inside((name,), fields.read_limit, each) for name, each in value.items()}


POOL_KEYS: Final[Mapping[str, tuple[str, fields.Reader]]] = {
    "hard_limit": ("hard_limit", fields.read_limit),
    "soft_limit": ("soft_limit", fields.read_limit),
    "memory_per_task": ("memory_per_task_bytes", fields.read_size),
    "cpu_ceiling": ("cpu_ceiling", read_share),
    "tokens": ("tokens", read_counts),
    "policy": ("policy", fields.read_one_of(*POLICIES)),
}
"""By the word in the file: the field of a PoolSettings, and who reads it."""

NEED_KEYS: Final[Mapping[str, tuple[str, fields.Reader]]] = {
    "memory": ("memory_bytes", fields.read_size),
    "cpu": ("cpus", read_cpus),
    "gpu": ("gpus", fields.read_count),
    "tokens": ("tokens", read_counts),
}
"""By the word in the file: the field of a Need, and who reads it."""


def named(read: Mapping[str, Any], keys: Mapping[str, tuple[str, fields.Reader]]) -> dict[str, Any]:
    """Give what was read by the names of its fields."""
    return {keys[key][0]: value for key, value in read.items() if key in keys}
