"""Which clients are known, and which one a command line starts.

The known ones stand in ``profiles.toml`` beside this file; `load_profiles` reads a file of the user's of the same form.
Not here: what a profile means (``reading.py``, ``resuming.py``).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from procession.errors import InvalidProfile
from procession.model.agent import AgentProfile
from procession.model.toml_lines import Place, explain_syntax, find_line, show_place
from procession.monitor.agents.program import find_program

_OWN: Final = os.path.join(os.path.dirname(__file__), "profiles.toml")
_LIKE: Final = "like"
_WHERE: Final = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `([^`]+)`")
_STEP: Final = re.compile(r"\[(\d+)\]|([^.\[\]]+)|\[\.\.\.\]")


def profile_named(name: str, profiles: Mapping[str, AgentProfile] | None = None) -> AgentProfile | None:
    """Give the profile of that name: of ``profiles`` (the user's), else of those that are known; None if it is none."""
    if profiles is not None and name in profiles:
        return profiles[name]
    return known_profiles().get(name)


def profile_of(argv: Sequence[str], profiles: Mapping[str, AgentProfile] | None = None) -> AgentProfile | None:
    """Give the profile of the client that a command line starts; None if it starts none that is known."""
    program = find_program(argv)
    if program is None:
        return None
    for each in (*(profiles or {}).values(), *known_profiles().values()):
        if program.name in each.programs or (program.package is not None and program.package in each.packages):
            return each
    return None


@cache
def known_profiles() -> dict[str, AgentProfile]:
    """Give all that are known, by name."""
    return load_profiles(_OWN)


def load_profiles(path: str) -> dict[str, AgentProfile]:
    """Read the profiles of a TOML file, each a table. With ``like``, it begins with all of a known one.

    Raises: InvalidProfile: for what is wrong first.
    """
    try:
        with open(path, "rb") as file:
            content = file.read().decode("utf-8")
    except OSError as error:
        raise InvalidProfile(path, None, "", "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidProfile(path, None, "", "", "expected UTF-8 text") from None
    return {name: _read(name, table, content, path) for name, table in _parse(content, path).items()}


def _parse(content: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        line, key, problem = explain_syntax(error, content)
        raise InvalidProfile(path, line, "", key, problem) from None
    except RecursionError:
        raise InvalidProfile(path, None, "", "", "expected TOML that is not nested so deeply") from None


def _read(name: str, table: Any, content: str, path: str) -> AgentProfile:
    if not isinstance(table, dict):
        raise InvalidProfile(path, find_line(content, (name,)), name, "", f"expected a table, like [{name}]")
    if "name" in table:
        raise InvalidProfile(path, find_line(content, (name, "name")), name, "name", "unknown key: the table has it")
    try:
        return msgspec.convert({**_base(name, table, content, path), **table, "name": name}, AgentProfile)
    except msgspec.ValidationError as error:
        place, problem = _explain(str(error))
        line = find_line(content, (name, *place)) or find_line(content, (name,))
        raise InvalidProfile(path, line, name, show_place(place), problem) from None


def _base(name: str, table: dict[str, Any], content: str, path: str) -> dict[str, Any]:
    """Take ``like`` out of a table, and give what it is like."""
    if _LIKE not in table:
        return {}
    with open(_OWN, "rb") as file:
        known = tomllib.load(file)
    like = table.pop(_LIKE)
    if not isinstance(like, str) or like not in known:
        line = find_line(content, (name, _LIKE))
        raise InvalidProfile(path, line, name, _LIKE, f"expected one of {', '.join(sorted(known))}")
    base: dict[str, Any] = known[like]
    return base


def _explain(message: str) -> tuple[Place, str]:
    """Take apart what the converter says: where, and what."""
    where = _WHERE.search(message)
    place: Place = ()
    if where:
        place = tuple(int(index) if index else key for index, key in _STEP.findall(where[1]) if index or key)
        message = message[: where.start()]
    unknown = _UNKNOWN.search(message)
    if unknown:
        return (*place, unknown[1]), "unknown key"
    return place, message[:1].lower() + message[1:]
