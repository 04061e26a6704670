"""Where the items of `map` come from: arguments, a file or standard input; lines, NUL-ended text, columns or CSV.

They are read as they are wanted. Not here: what is made of them (``model.item_template``).
"""

from __future__ import annotations

import csv
import itertools
import os
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from procession.cli.map_arguments import combine
from procession.cli.map_reading import read_chunks, split_chunks
from procession.errors import UsageError
from procession.model.item import Item, item_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

_BATCH: Final = 64
_NEWLINE: Final = b"\n"
_NUL: Final = b"\0"

Row = tuple[int, tuple[str, ...]]
"""The number of a line, from 1, and its columns."""


class Form(Struct, frozen=True, kw_only=True):
    """How text becomes items. colsep: what stands between columns, if there are several."""

    nul: bool = False
    csv: bool = False
    colsep: re.Pattern[str] | None = None


class Items:
    """All items, in batches as they come. names: of the columns, if they have some.

    columns: how many each has, where that is known. total: how many there are, where that is known.
    """

    def __init__(self, names: tuple[str, ...] = (), columns: int | None = None, total: int | None = None) -> None:
        self.names = names
        self.columns = columns
        self.total = total
        self.number = 0

    async def batches(self) -> AsyncIterator[list[Item]]:
        """Give them. Raises: UsageError: a row is no row; its place is named."""
        raise NotImplementedError
        yield []

    def _make(self, columns: tuple[str, ...]) -> Item:
        self.number += 1
        return item_of(self.number, columns, self.names)


class ArgumentItems(Items):
    """Every combination of the groups behind ``:::``."""

    def __init__(self, groups: list[list[tuple[str, ...]]], *, has_header: bool = False) -> None:
        """Raise UsageError: a group begins with no name."""
        names: tuple[str, ...] = ()
        if has_header:
            if not all(groups):
                raise UsageError("--header: a group of arguments has no first one to name it")
            names = check_names([name for group in groups for name in group[0]], "the arguments")
            groups = [group[1:] for group in groups]
        total = 1
        for group in groups:
            total *= len(group)
        columns = sum(len(group[0]) for group in groups) if all(groups) else None
        super().__init__(names, columns, total)
        self._groups = groups

    async def batches(self) -> AsyncIterator[list[Item]]:
        """Give them, the last group varying fastest."""
        rows = combine(self._groups)
        while batch := [self._make(row) for row, _ in zip(rows, range(_BATCH), strict=False)]:
            yield batch


class ReadItems(Items):
    """What is read from a descriptor. ``where`` is what people call it."""

    def __init__(self, fd: int, where: str, form: Form, total: int | None = None) -> None:
        super().__init__(total=total)
        self._form = form
        self._where = where
        self._line = 0
        self._texts = split_chunks(read_chunks(fd), _NUL if form.nul else _NEWLINE)
        self._left: list[str] = []
        self._quotes = 0
        self._first: Sequence[Row] = ()

    async def read_header(self) -> None:
        """Read the names of the columns. Raises: UsageError: there are none, or no good ones."""
        async for rows in self._rows():
            names = check_names(rows[0][1], f"{self._where}:1")
            self.names, self.columns = names, len(names)
            self._first = rows[1:]
            return
        raise UsageError(f"{self._where}: it is empty, but its first line was to name the columns")

    async def batches(self) -> AsyncIterator[list[Item]]:
        """Give them as they come."""
        if self._first:
            yield self._make_good(self._first)
            self._check(self._first)
        async for rows in self._rows():
            yield self._make_good(rows)
            self._check(rows)

    def _make_good(self, rows: Sequence[Row]) -> list[Item]:
        """Make those that come before one that does not fit."""
        return [self._make(row) for _, row in itertools.takewhile(self._fits, rows)]

    def _check(self, rows: Sequence[Row]) -> None:
        for line, row in itertools.dropwhile(self._fits, rows):
            raise self._misfit(line, row)

    def _fits(self, row: Row) -> bool:
        return not self.names or len(row[1]) == len(self.names)

    def _misfit(self, line: int, row: tuple[str, ...]) -> UsageError:
        has, wanted = len(row), len(self.names)
        return UsageError(f"{self._where}:{line}: this row has {has} columns, the first line names {wanted}")

    async def _rows(self) -> AsyncIterator[Sequence[Row]]:
        async for texts in self._texts:
            rows = list(self._split([os.fsdecode(text) for text in texts]))
            if rows:
                yield rows
        if self._left:
            raise UsageError(f"{self._where}:{self._line - len(self._left) + 1}: a quote is not closed")

    def _split(self, texts: list[str]) -> Iterator[Row]:
        for text in texts:
            self._line += 1
            if self._form.csv:
                yield from self._split_csv(text)
            elif self._form.colsep is not None:
                yield self._line, tuple(self._form.colsep.split(text))
            else:
                yield self._line, (text,)

    def _split_csv(self, text: str) -> Iterator[Row]:
        """Give a row once all its quotes are closed: a quoted value may go over several lines."""
        self._left.append(text)
        self._quotes += text.count('"')
        if self._quotes % 2:
            return
        record, self._left = "\n".join(self._left), []
        if record.strip("\r"):
            rows = list(csv.reader([record.removesuffix("\r")], strict=False))
            yield self._line, tuple(rows[0])


def check_names(given: Sequence[str], where: str) -> tuple[str, ...]:
    """Give the names of columns. Raises: UsageError: one is empty, or there twice."""
    names = tuple(name.strip() for name in given)
    for place, name in enumerate(names, 1):
        if not name:
            raise UsageError(f"{where}: column {place} has no name")
        if name in names[: place - 1]:
            first = names.index(name) + 1
            raise UsageError(f"{where}: columns {first} and {place} are both called {name!r}")
    return names


def read_colsep(given: str) -> re.Pattern[str]:
    """Read a separator, a regular expression as GNU parallel takes it. Raises: ValueError."""
    try:
        pattern = re.compile(given)
    except re.error as error:
        message = f"{given!r} is no regular expression: {error}"
        raise ValueError(message) from None
    if pattern.groups or pattern.match("") is not None:
        message = f"{given!r} must match at least one character, without groups"
        raise ValueError(message)
    return pattern


def open_items(path: str) -> int:
    """Open a file of items. Raises: UsageError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if os.path.isdir(path):
        os.close(fd)
        raise UsageError(f"{path}: is a directory")
    return fd
