"""The words after ``--``: the command, and the items behind ``:::`` in groups that are combined or go along."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from procession.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMBINE: Final = ":::"
GO_ALONG: Final = ":::+"


def split_words(words: Sequence[str]) -> tuple[tuple[str, ...], list[list[tuple[str, ...]]] | None]:
    """Give the command, and a list of groups: each is a list of rows, whose columns go along with each other.

    None where there is no ``:::``. Raises: UsageError: no command, ``:::+`` without a group, groups that do not match.
    """
    marks = [place for place, word in enumerate(words) if word in (COMBINE, GO_ALONG)]
    command = tuple(words[: marks[0]] if marks else words)
    if not command:
        raise UsageError("there is no command", hint="write it after the options: procession map -- CMD {} ::: a b")
    if not marks:
        return command, None
    groups: list[list[tuple[str, ...]]] = []
    for place, end in zip(marks, [*marks[1:], len(words)], strict=True):
        values = words[place + 1 : end]
        if words[place] == COMBINE:
            groups.append([(value,) for value in values])
        else:
            _go_along(groups, values)
    return command, groups


def combine(groups: list[list[tuple[str, ...]]]) -> Iterator[tuple[str, ...]]:
    """Give every combination of rows as one row, the last group varying fastest."""
    return (tuple(itertools.chain(*rows)) for rows in itertools.product(*groups))


def _go_along(groups: list[list[tuple[str, ...]]], values: Sequence[str]) -> None:
    if not groups:
        raise UsageError(":::+ goes along with the group before it, but there is none", hint="begin with :::")
    if len(groups[-1]) != len(values):
        message = f":::+ goes along with the group before it: that has {len(groups[-1])} items, this {len(values)}"
        raise UsageError(message)
    groups[-1] = [(*row, value) for row, value in zip(groups[-1], values, strict=True)]
