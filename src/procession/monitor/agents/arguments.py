"""The arguments of a client, taken apart: its program, its verbs, its options with their values, and what is left.

An option that nobody knows may have a value or not: the word after it is taken for its value where there is another
word that can be the prompt. Not here: what is made of them (``resuming.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from procession.model.agent import AgentProfile
from procession.monitor.agents.program import find_program


class Part(NamedTuple):
    """One option with its values as ``raw`` arguments, or a word (``name`` is empty)."""

    raw: tuple[str, ...]
    name: str = ""
    values: tuple[str, ...] = ()
    is_known: bool = True

    @property
    def is_word(self) -> bool:
        """Whether it is no option."""
        return not self.name


class Arguments(NamedTuple):
    """``before`` and ``rest`` are what stood before and after its ``verbs``; ``verbs_end`` is where those end."""

    program: tuple[str, ...]
    before: tuple[Part, ...]
    verbs: tuple[str, ...]
    rest: tuple[Part, ...]
    verbs_end: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """All options and words."""
        return self.before + self.rest


def take_apart(profile: AgentProfile, argv: Sequence[str]) -> Arguments:
    """Take the arguments of a client apart."""
    program = find_program(argv)
    index = 1 if program is None else program.place + 1
    start, verbs_end = index, index
    before: tuple[Part, ...] = ()
    verbs: list[str] = []
    parts: list[Part] = []
    while index < len(argv):
        word = argv[index]
        if word == "--":
            parts += [Part((each,)) for each in argv[index + 1 :]]
            break
        if word.startswith("-") and len(word) > 1:
            part = _option(profile, argv, index)
            parts.append(part)
            index += len(part.raw) if part.raw[0] == word else 1
            continue
        index += 1
        if word in profile.command_line.words and not any(each.is_word for each in parts) and word not in verbs:
            if not verbs:
                before, parts = tuple(parts), []
            verbs.append(word)
            verbs_end = index
        else:
            parts.append(Part((word,)))
    return Arguments(tuple(argv[:start]), before, tuple(verbs), tuple(_join_unknown(parts)), verbs_end)


def _option(profile: AgentProfile, argv: Sequence[str], index: int) -> Part:
    line, word = profile.command_line, argv[index]
    name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
    if equals:
        return Part((word,), name, (value,))
    following = argv[index + 1 :]
    if word in line.values or word in line.pairs:
        values = tuple(following[: 2 if word in line.pairs else 1])
    elif word in line.optional:
        values = tuple(following[:1]) if following and not following[0].startswith("-") else ()
    elif word in line.many:
        count = next((at for at, each in enumerate(following) if each.startswith("-")), len(following))
        values = tuple(following[:count])
    elif not word.startswith("--") and len(word) > 2 and word[:2] in line.values:
        return Part((word[:2], word[2:]), word[:2], (word[2:],))
    else:
        resume = profile.resume
        is_known = word in line.flags or (resume is not None and (word in resume.drop or word in resume.instead))
        return Part((word,), word, is_known=is_known)
    return Part((word, *values), word, values)


def _join_unknown(parts: list[Part]) -> list[Part]:
    """Give unknown options the words after them, but leave one word for the prompt."""
    follows = [index > 0 and not parts[index - 1].is_known for index in range(len(parts))]
    words = [index for index, part in enumerate(parts) if part.is_word]
    doubtful = [index for index in words if follows[index]]
    if doubtful and len(doubtful) == len(words):
        doubtful.pop()
    joined: list[Part] = []
    for index, part in enumerate(parts):
        if index in doubtful:
            joined[-1] = joined[-1]._replace(raw=joined[-1].raw + part.raw, values=part.raw)
        else:
            joined.append(part)
    return joined
