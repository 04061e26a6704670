"""A profile: how one tool prints its progress. Data, and at most a small function.

``frame`` is searched in every frame of the tool's output; its groups say what they are: percent, fraction, current,
total, left (counted down), time (of ``duration``), label, unit. ``fact`` is looked for, once, at the beginning of what
is printed, for what frames do not repeat: total, duration. A tool of which no number can be known has no ``frame``;
then nobody guesses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from procession.monitor.progress.found import Found, label_of, number_of, seconds_of

Facts = Mapping[str, bytes]
Read = Callable[[re.Match[bytes], Facts], Found | None]


def read_groups(match: re.Match[bytes], facts: Facts) -> Found | None:
    """Read a match by the names of its groups."""
    given = {**facts, **{name: text for name, text in match.groupdict().items() if text is not None}}
    total = number_of(given.get("total"))
    current = number_of(given.get("current"))
    if "left" in given and total is not None:
        current = total - (number_of(given["left"]) or 0.0)
    if "time" in given:
        current, total = seconds_of(given["time"]), seconds_of(given.get("duration"))
    percent = number_of(given.get("percent"))
    if "fraction" in given:
        percent = float(given["fraction"]) * 100
    elif percent is None and current is not None and total:
        percent = current / total * 100
    if percent is not None and not 0 <= percent <= 100:
        return None
    unit = given.get("unit")
    return Found(
        label_of(given.get("label", b"")), percent, current, total, unit.decode("ascii", "replace") if unit else None
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """How one tool prints its progress.

    programs: the names it is called by. by_content: it is recognised by its frames, whoever prints them. in_phases: its
    percentages are of one of several phases. bars: its frames are bars, of which there may be several.
    """

    name: str
    frame: re.Pattern[bytes] | None = None
    programs: frozenset[str] = field(default_factory=frozenset)
    by_content: bool = False
    fact: re.Pattern[bytes] | None = None
    in_phases: bool = False
    bars: bool = False
    read: Read = read_groups

    def find(self, text: bytes, facts: Facts) -> Found | None:
        """Give what a frame says; None if it says nothing."""
        match = self.frame.search(text) if self.frame is not None else None
        try:
            found = self.read(match, facts) if match is not None else None
        except (ValueError, OverflowError, ZeroDivisionError):  # thousands of digits, or none
            return None
        if found is None:
            return None
        return found._replace(in_phases=self.in_phases or found.in_phases, is_bar=self.bars)


def profile(
    name: str,
    frame: bytes | None = None,
    *,
    programs: str = "",
    fact: bytes | None = None,
    read: Read = read_groups,
    **flags: bool,
) -> Profile:
    """Write a profile down; ``programs`` are separated by blanks."""
    return Profile(
        name,
        None if frame is None else re.compile(frame),
        frozenset(programs.split()),
        fact=None if fact is None else re.compile(fact),
        read=read,
        **flags,
    )


_RUNNERS: Final = frozenset(
    {
        "python",
        "python3",
        "sh",
        "bash",
        "dash",
        "zsh",
        "env",
        "npx",
        "uv",
        "uvx",
        "nice",
        "stdbuf",
        "time",
        "sudo",
        "run",
    }
)
_WORD: Final = re.compile(r"[\w.+/-]+")
_VERSIONED: Final = re.compile(r"^(python|pip)[\d.]+$")


def programs_of(argv: Sequence[str]) -> frozenset[str]:
    """Name the programs that a command line runs: the first word, and for who runs others, what it may run."""
    if not argv:
        return frozenset()
    first = _program(argv[0])
    if first not in _RUNNERS:
        return frozenset({first})
    words = (word for argument in argv[1:] for word in _WORD.findall(argument))
    return frozenset({first, *map(_program, words)})


def _program(word: str) -> str:
    name = os.path.basename(word)
    match = _VERSIONED.match(name)
    return match[1] if match else name
