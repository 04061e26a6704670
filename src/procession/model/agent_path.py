"""Where something stands in a JSON event: ``item.type``, ``message.content[type=text].text``, ``errors[]``.

A path is keys with dots between them. A key of a list is followed by ``[]`` (each of it) or ``[key=value]`` (each that
has that); ``@key`` means the names of an object's keys. Not here: looking it up (``monitor/agents/lookup.py``).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SEGMENT: Final = re.compile(r"(@key|[^.\[\]=@]+)(\[(?:([^.\[\]=]+)=([^\[\]]*))?\])?")


class Step(NamedTuple):
    """One key on the way. ``is_list``: what is there is a list, of which those count that have ``key`` as ``value``."""

    name: str
    is_list: bool = False
    key: str | None = None
    value: str | None = None


NAMES: Final = "@key"


def parse_path(text: str) -> tuple[Step, ...]:
    """Read a path. Raises: ValueError: it is none."""
    steps, end = [], 0
    while True:
        match = _SEGMENT.match(text, end)
        if match is None:
            raise ValueError(f"expected a path like item.type or content[type=text].text, got {text!r}")
        name, brackets, key, value = match.groups()
        steps.append(Step(name, brackets is not None, key, value))
        end = match.end()
        if end == len(text):
            return tuple(steps)
        if text[end] != ".":
            raise ValueError(f"expected a dot at position {end} of the path {text!r}")
        end += 1
