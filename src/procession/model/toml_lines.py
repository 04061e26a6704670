"""On which line of a TOML text something stands. The standard parser keeps no places, so it is asked with prefixes."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import Any

Place = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_TWICE = re.compile(r"^Cannot declare (\(.*\)) twice")
_WHERE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


def find_line(text: str, place: Place) -> int | None:
    """Give the line (from 1) on which the statement begins that first makes ``place`` exist in a valid ``text``.

    A text cut off after a complete statement is valid, too, and only grows; so the statement can be searched by halves.
    """
    lines = text.split("\n")
    low, high = 1, len(lines) + 1
    while low < high:
        middle = (low + high) // 2
        end, document = _parse_from(lines, middle)
        if document is not None and _has(document, place):
            high = middle
        else:
            low = end + 1
    return low if low <= len(lines) else None


def explain_syntax(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, str, str]:
    """Give the line, the key where there is one to blame, and the sentence of a syntax error."""
    message = str(error)
    where = _WHERE.search(message)
    line = int(where[1]) if where and where[1] else text.rstrip("\n").count("\n") + 1
    twice = _TWICE.search(message)
    if twice:
        return line, show_place(ast.literal_eval(twice[1])), "expected once, but it is declared twice"
    return line, "", f"expected TOML: {_WHERE.sub('', message)}"


def show_place(place: Place) -> str:
    """Write a place as TOML would: ``tasks."my task".after[0]``."""
    shown = ""
    for each in place:
        if isinstance(each, int):
            shown += f"[{each}]"
        else:
            shown += ("." if shown else "") + (each if _BARE_KEY.fullmatch(each) else _quoted(each))
    return shown


def _parse_from(lines: list[str], count: int) -> tuple[int, dict[str, Any] | None]:
    """Parse the shortest valid prefix of at least ``count`` lines; give its length, too."""
    for end in range(count, len(lines) + 1):
        try:
            return end, tomllib.loads("\n".join(lines[:end]) + "\n")
        except tomllib.TOMLDecodeError:
            continue
    return len(lines), None


def _has(document: Any, place: Place) -> bool:
    for each in place:
        try:
            document = document[each]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
