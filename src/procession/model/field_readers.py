"""Readers for the values of a task file: each takes what TOML gave and returns what a Command or Task holds.

A value that does not fit raises `Misfit`, which says what was expected. Not here: which key has which reader
(``task_table.py``), and streams (``stream_readers.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from procession.errors import InvalidCommand, InvalidTask
from procession.model.limits import RESOURCE_NAMES, Limits
from procession.model.task import CONDITIONS, Dependency
from procession.model.template import split_words
from procession.model.text import printable
from procession.model.toml_lines import Place
from procession.model.units import parse_duration, parse_size

Reader = Callable[[object], Any]
"""Takes what TOML gave, and returns what a value holds. Raises: Misfit."""


class Misfit(ValueError):
    """A value that is not what its key needs. ``inside`` leads to the part of it that is wrong."""

    def __init__(self, expected: str, *, hint: str = "", inside: Place = ()) -> None:
        """Say what was ``expected``."""
        super().__init__(expected)
        self.expected = expected
        self.hint = hint
        self.inside = inside


def got(value: object) -> str:
    """Name a value in an error, shortly and safely."""
    shown = printable(repr(value))
    return f"got {shown if len(shown) <= 40 else shown[:39] + '…'}"


def read_text(value: object) -> str:
    """Take a text that is not empty."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise Misfit(f"expected text in quotes, {got(value)}")
    return value


def read_words(value: object) -> tuple[str, ...]:
    """Take a list of arguments, or a text that is split like a shell would (but no shell takes part)."""
    if isinstance(value, str):
        try:
            return tuple(split_words(value))
        except InvalidCommand as error:
            raise Misfit(error.message.removeprefix("invalid command: ")) from None
    if not isinstance(value, list):
        raise Misfit(f"expected a list of arguments or one text, {got(value)}")
    return tuple(_argument(index, each) for index, each in enumerate(value))


def read_flag(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise Misfit(f"expected true or false, {got(value)}")
    return value


def read_count(value: object) -> int:
    """Take a whole number from 0."""
    return _whole(value, 0)


def read_limit(value: object) -> int:
    """Take a whole number from 1."""
    return _whole(value, 1)


def read_integer(value: object) -> int:
    """Take any whole number."""
    return _whole(value, -math.inf)


def read_duration(value: object) -> float:
    """Take seconds, or a text like ``30m``."""
    try:
        if isinstance(value, (str, int, float)):
            return parse_duration(value)
    except ValueError as error:
        raise Misfit(str(error)) from None
    raise Misfit(f"expected a duration like 30s, 5m or 1h30m, {got(value)}")


def read_timeout(value: object) -> float:
    """Take a duration above 0."""
    seconds = read_duration(value)
    if not seconds:
        raise Misfit("expected a duration above 0", hint="leave the key out for no time-out")
    return seconds


def read_grace(value: object) -> float:
    """Take a duration, or ``never`` for: do not force the end."""
    return math.inf if value == "never" else read_duration(value)


def read_size(value: object) -> int:
    """Take bytes, or a text like ``10MB``."""
    try:
        size_bytes = parse_size(value) if isinstance(value, (str, int)) else 0
    except ValueError as error:
        raise Misfit(str(error)) from None
    if size_bytes < 1:
        raise Misfit(f"expected a size like 512MB or 2GiB, {got(value)}")
    return size_bytes


def share_of(percentage: str) -> float | None:
    """Give the share that a text like ``80%`` means, above 0 and up to 1; None: it means none."""
    try:
        share = float(percentage.strip().removesuffix("%")) / 100
    except ValueError:
        return None
    return share if 0 < share <= 1 else None


def read_environment(value: object) -> dict[str, str]:
    """Take a table of texts; whole numbers are written out. Values never appear in the error."""
    if not isinstance(value, dict):
        raise Misfit('expected a table like { QUALITY = "80" }')
    return {name: _variable(name, each) for name, each in value.items()}


def read_labels(value: object) -> dict[str, str]:
    """Take a table of texts."""
    if not isinstance(value, dict):
        raise Misfit(f'expected a table like {{ team = "maps" }}, {got(value)}')
    return {name: inside((name,), read_text, each) for name, each in value.items()}


def read_names(value: object) -> tuple[str, ...]:
    """Take a list of texts."""
    if not isinstance(value, list):
        raise Misfit(f"expected a list of names, {got(value)}")
    return tuple(inside((index,), read_text, each) for index, each in enumerate(value))


def read_dependencies(value: object) -> tuple[Dependency, ...]:
    """Take a list of names (meaning: succeeded) and of tables ``{ task = …, condition = … }``."""
    if not isinstance(value, list):
        raise Misfit(f"expected a list of task names, {got(value)}", hint='write after = ["download"]')
    return tuple(inside((index,), _dependency, each) for index, each in enumerate(value))


def read_limits(value: object) -> Limits:
    """Take a table of resource limits (soft and hard alike), ``nice`` and ``umask``."""
    if not isinstance(value, dict):
        raise Misfit("expected a table like { nofile = 1024, nice = 10 }")
    rest = dict(value)
    nice = inside(("nice",), read_integer, rest.pop("nice", 0))
    umask = inside(("umask",), _umask, rest.pop("umask")) if "umask" in rest else None
    figures = {name: inside((name,), partial(_resource, name), each) for name, each in rest.items()}
    return Limits(soft=figures, hard=figures, nice=nice, umask=umask)


def read_one_of(*words: str) -> Callable[[object], str]:
    """Make a reader that takes one of ``words``."""

    def read(value: object) -> str:
        if value not in words:
            raise Misfit(f"expected one of {', '.join(map(repr, words))}, {got(value)}")
        return str(value)

    return read


def inside(place: Place, read: Callable[[object], Any], value: object) -> Any:
    """Read what lies at ``place`` inside of a value. Raises: Misfit: it leads there."""
    try:
        return read(value)
    except Misfit as misfit:
        raise Misfit(misfit.expected, hint=misfit.hint, inside=place + misfit.inside) from None


def _argument(index: int, value: object) -> str:
    if not isinstance(value, str):
        raise Misfit(f"expected text, {got(value)}", hint="write it in quotes", inside=(index,))
    return value


def _whole(value: object, least: float) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        expected = "a whole number" if least == -math.inf else f"a whole number from {least}"
        raise Misfit(f"expected {expected}, {got(value)}")
    return value


def _variable(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        hint = "write the value in quotes, as the program shall see it"
        raise Misfit(f"expected text, got a {type(value).__name__}", hint=hint, inside=(name,))
    return str(value)


def _dependency(value: object) -> Dependency:
    if isinstance(value, str):
        return _checked_dependency(value, "succeeded")
    if not isinstance(value, dict) or "task" not in value or value.keys() - {"task", "condition"}:
        raise Misfit(f'expected a name, or {{ task = "name", condition = "ended" }}, {got(value)}')
    condition = inside(("condition",), read_one_of(*CONDITIONS), value.get("condition", "succeeded"))
    return _checked_dependency(value["task"], condition)


def _checked_dependency(name: Any, condition: Any) -> Dependency:
    try:
        return Dependency(name, condition)
    except InvalidTask as error:
        raise Misfit(f"expected the name of a task, {got(name)}", hint=error.hint) from None


def _umask(value: object) -> int:
    if (
        isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) <= 4
        and not set(value) & {"8", "9"}
    ):
        return int(value, 8)
    raise Misfit(f'expected octal digits in quotes like "022", {got(value)}')


def _resource(name: str, value: object) -> int:
    if name not in RESOURCE_NAMES:
        raise Misfit(f"expected nice, umask or a resource limit: {', '.join(sorted(RESOURCE_NAMES))}")
    if value == "unlimited":
        return -1
    if isinstance(value, str):
        return read_size(value)
    return read_count(value)
