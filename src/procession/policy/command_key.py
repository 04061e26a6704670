"""Which runs are of one kind: a short key made of the program, its script and its leading words.

``/usr/bin/python3.11 train.py --epochs 3`` and ``python3 train.py --epochs 9`` have the key ``python train.py``: what
one run took says what the next will. Numbers, hexadecimal names, paths and options are left out or folded. Pure.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

LONGEST: Final = 96
_WORDS: Final = 2
_INTERPRETERS: Final = re.compile(
    r"^(python|pypy|node|deno|bun|ruby|perl|php|lua|julia|Rscript|java|bash|dash|zsh|sh)$"
)
_WRAPPERS: Final = {"env": 0, "nice": 0, "nohup": 0, "ionice": 0, "stdbuf": 0, "setsid": 0, "time": 0, "timeout": 1}
"""Programs that only start another, and how many arguments of their own come before it."""

_TAKES_A_VALUE: Final = {
    "nice": ("-n",), "ionice": ("-c", "-n", "-p"), "env": ("-u", "-C"), "stdbuf": ("-i", "-o", "-e"),
    "timeout": ("-s", "-k"), "python": ("-X", "-W"), "java": ("-cp", "-classpath"), "node": ("-r",),
}  # fmt: skip
_INLINE: Final = ("-c", "-e")
_MODULE: Final = ("-m", "-jar", "run")
_VERSION: Final = re.compile(r"(?<=[a-z])[-.\d]+(?:\.exe)?$")
_VARYING: Final = re.compile(r"\b(?:[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{7,})\b|\d+(?:\.\d+)*", re.IGNORECASE)
_LOOKED_AT: Final = 4096
"""Of an argument, which may have a hundred thousand characters, and of which nothing may take long."""

_WORD: Final = re.compile(r"[A-Za-z][\w:-]*$")


def key_of(argv: Sequence[str], declared: str | None = None) -> str:
    """Say under which key a run of ``argv`` is remembered; ``declared``: the class that its owner gave it, if any."""
    key = f"class {declared}" if declared else " ".join(_words(list(argv)))
    return key if len(key) <= LONGEST else f"{key[: LONGEST - 9]}~{zlib.crc32(key.encode(errors='replace')):08x}"


def _words(argv: list[str]) -> Iterator[str]:
    argv = _unwrapped(argv)
    if not argv:
        return
    program = _program(argv[0])
    yield program
    rest = argv[1:]
    if _INTERPRETERS.match(program):
        script, rest = _script(program, rest)
        yield from script
    yield from _leading_words(rest)


def _unwrapped(argv: list[str]) -> list[str]:
    for _ in range(4):  # so many of them, one inside the other, are no accident any more
        own = _WRAPPERS.get(_program(argv[0])) if argv else None
        if own is None:
            break
        rest = _after_options(_program(argv[0]), argv[1:])
        while rest and "=" in rest[0]:
            rest = rest[1:]
        if len(rest) <= own:
            break
        argv = rest[own:]
    return argv


def _after_options(program: str, rest: list[str]) -> list[str]:
    while rest and rest[0].startswith("-") and rest[0] not in (*_INLINE, *_MODULE):
        if rest[0] == "--":
            return rest[1:]
        rest = rest[2 if rest[0] in _TAKES_A_VALUE.get(program, ()) else 1 :]
    return rest


def _program(path: str) -> str:
    name = _basename(path)
    return _VERSION.sub("", name) or name


def _script(program: str, rest: list[str]) -> tuple[list[str], list[str]]:
    rest = _after_options(program, rest)
    if not rest:
        return [], []
    if rest[0] in _INLINE and len(rest) > 1:
        return [rest[0], f"{zlib.crc32(_folded(rest[1]).encode(errors='replace')):08x}"], []
    if rest[0] in _MODULE and len(rest) > 1:
        return [rest[0], _folded(_basename(rest[1]))], rest[2:]
    return [_folded(_basename(rest[0]))], rest[1:]


def _leading_words(rest: list[str]) -> Iterator[str]:
    for each in rest[:_WORDS]:
        if not _WORD.match(each):
            return
        yield _folded(each)


def _basename(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path


def _folded(text: str) -> str:
    return _VARYING.sub("#", text[:_LOOKED_AT])
