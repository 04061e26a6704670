"""What cleaning removed."""

from __future__ import annotations

from msgspec import Struct


class Cleaned(Struct, frozen=True):
    """``removed`` are ids of ended tasks whose record and logs are gone."""

    removed: tuple[str, ...]
    freed_bytes: int
