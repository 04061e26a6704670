"""What any value handed to the kernel can be at all: text, whole numbers, durations. Each refusal names the field.

Not here: what makes sense together; that is for the value itself (`command`, `limits`, `stdio`).
"""

from __future__ import annotations

import os

from procession.errors import InvalidCommand


def check_text(field: str, value: object) -> None:
    """Refuse what no program could be given as one string: no text, a NUL, characters that are no character."""
    if not isinstance(value, str):
        raise InvalidCommand(field, f"must be text, got {type(value).__name__}")
    if "\0" in value:
        raise InvalidCommand(field, "contains a NUL character, which no program can receive")
    if not value.isascii():
        try:
            os.fsencode(value)
        except UnicodeEncodeError as error:
            raise InvalidCommand(field, f"contains {value[error.start]!r}, which has no bytes") from None


def check_path(field: str, value: object) -> str:
    """Give a path as text, whatever kind of path it was. Raises: InvalidCommand."""
    if type(value) is not str:
        if not isinstance(value, (str, bytes, os.PathLike)):
            raise InvalidCommand(field, f"must be a path, got {type(value).__name__}")
        value = os.fsdecode(value)
    check_text(field, value)
    return value


def check_whole(field: str, value: object, least: int, most: int | None = None) -> None:
    """Refuse what is no whole number from ``least`` to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        span = f"from {least}" if most is None else f"from {least} to {most}"
        raise InvalidCommand(field, f"must be a whole number {span}, got {value!r}")


def check_duration(field: str, value: object) -> None:
    """Refuse what is no number of seconds; infinity is one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise InvalidCommand(field, f"must be a number of seconds from 0, got {value!r}")
