"""Text that can be shown: on a terminal, in a log line, in JSON. What a program is given or prints stays as it is.

Not here: decoding of streams (``procession.streams``), quoting for a shell (``str(command)``).
"""

from __future__ import annotations

from typing import Any


def printable(text: str) -> str:
    """Write every control character, escape sequence and undecodable byte as a backslash escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def encodable(value: Any) -> Any:
    """Give plain JSON types any encoder takes: lone surrogates (bytes that were no UTF-8) become backslash escapes."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(key): encodable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [encodable(each) for each in value]
    return value


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
