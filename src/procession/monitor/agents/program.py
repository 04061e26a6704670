"""Which program a command line starts, through ``npx``, ``node`` and the like where that is plain to see."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_PACKAGE_RUNNERS: Final = frozenset({"npx", "bunx", "uvx", "pnpx"})
_INTERPRETERS: Final = frozenset({"node", "bun", "python", "python3", "env"})
_WITH_VALUE: Final = frozenset({"-p", "--package", "--from", "--with", "-r", "--require", "--import", "-u", "--python"})
_CODE: Final = frozenset({"-c", "-e", "--eval"})
_SCRIPT_ENDS: Final = (".js", ".mjs", ".cjs", ".exe", ".cmd", ".py")
_INSTALLED: Final = re.compile(r"node_modules/((?:@[^/@]+/)?[^/@.][^/@]*)/")
_VERSION: Final = re.compile(r"(?<=.)@[^@/]*$")


class Program(NamedTuple):
    """At which place a program stands in the arguments, its ``name``, and the ``package`` that it is of."""

    place: int
    name: str
    package: str | None = None


def find_program(argv: Sequence[str]) -> Program | None:
    """Find the program that is started; None if there is none to be seen."""
    if not argv:
        return None
    first = _name(argv[0])
    if first not in _PACKAGE_RUNNERS and first not in _INTERPRETERS:
        return Program(0, first, _package_of(argv[0]))
    index = _first_word(argv)
    if index is None:
        return None
    word = argv[index]
    if first in _PACKAGE_RUNNERS:
        package = _VERSION.sub("", word)
        return Program(index, _name(package), package)
    return Program(index, _name(word), _package_of(word))


def _first_word(argv: Sequence[str]) -> int | None:
    index = 1
    while index < len(argv):
        word = argv[index]
        if word == "-m" and _name(argv[0]).startswith("python"):
            return index + 1 if index + 1 < len(argv) else None
        if word in _CODE and _name(argv[0]) in _INTERPRETERS:
            return None
        if word in _WITH_VALUE:
            index += 2
        elif word.startswith("-") or ("=" in word and _name(argv[0]) == "env"):
            index += 1
        else:
            return index
    return None


def _name(word: str) -> str:
    name = os.path.basename(word)
    for end in _SCRIPT_ENDS:
        name = name.removesuffix(end)
    return name


def _package_of(word: str) -> str | None:
    """Whatever a package's own file is called, it lies in the directory of the package."""
    found = _INSTALLED.findall(word)
    return found[-1] if found else None
