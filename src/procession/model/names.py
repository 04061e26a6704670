"""What a task may be called. Ids become file names and shell words later, so the rule is narrow."""

from __future__ import annotations

import re

from procession.errors import InvalidTask

NAME_LIMIT = 100
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)


def check_name(name: object, field: str = "name") -> str:
    """Return ``name`` if a task (or group) may be called so.

    Raises: InvalidTask: naming ``field`` and what is wrong.
    """
    if not isinstance(name, str) or not name:
        raise InvalidTask(field, f"must be a name, got {name!r}")
    if len(name) > NAME_LIMIT:
        raise InvalidTask(field, f"is {len(name)} characters long; {NAME_LIMIT} are allowed")
    if ".." in name or not _NAME.fullmatch(name):
        hint = "use letters, digits, '_', '-' and single '.'; begin with a letter, a digit or '_'"
        raise InvalidTask(field, f"cannot be {name!r}", hint=hint)
    return name
