"""An item of `procession map`: one line, one row or one combination that a command is run for."""

from __future__ import annotations

import posixpath
from typing import Final

from msgspec import Struct

SEPARATOR: Final = " "
"""Between the columns where all of them are wanted as one text."""


class Item(Struct, frozen=True, kw_only=True):
    """What one command is run for. number: from 1, in the order of the input. columns: at least one.

    text: all of it; the line as it stood, or the columns with blanks between. names: of the columns, where they have
    some.
    """

    number: int
    columns: tuple[str, ...]
    text: str
    names: tuple[str, ...] = ()

    def column(self, place: int) -> str:
        """Give a column by its number from 1; empty where a short row has none."""
        return self.columns[place - 1] if place <= len(self.columns) else ""

    def named(self, name: str) -> str:
        """Give a column by its name."""
        return self.column(self.names.index(name) + 1)


def item_of(number: int, columns: tuple[str, ...], names: tuple[str, ...] = ()) -> Item:
    """Make an item of its columns."""
    text = columns[0] if len(columns) == 1 else SEPARATOR.join(columns)
    return Item(number=number, columns=columns, text=text, names=names)


def without_extension(path: str) -> str:
    """Give ``dir/a.tar`` for ``dir/a.tar.gz``; a name that only begins with a dot has none."""
    directory, slash, name = path.rpartition("/")
    stem, dot, _ = name.rpartition(".")
    return f"{directory}{slash}{stem}" if dot and stem else path


def base_name(path: str) -> str:
    """Give what stands after the last slash."""
    return path.rpartition("/")[2]


def directory_name(path: str) -> str:
    """Give what stands before the last slash; ``.`` where there is none, ``/`` for the root."""
    return posixpath.dirname(path) or ("/" if path.startswith("/") else ".")
