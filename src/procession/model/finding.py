"""One line of ``doctor``: a guarantee, whether it holds here, and what to do where it does not."""

from __future__ import annotations

from msgspec import Struct


class Finding(Struct, frozen=True):
    """``ok`` is None where nobody can say."""

    name: str
    ok: bool | None
    says: str
    advice: str = ""
