r"""A command with places to be filled by an item: ``{}``, ``{.}``, ``{/}``, ``{#}``, ``{%}``, ``{1}`` and their kind.

Each argument is filled for itself, after everything was split: what an item holds can never become another argument,
or anything to a shell. Braces that are no placeholder stay as they are, ``{"a": 1}`` as well as ``${HOME}``; what would
be one stays with a backslash before it: ``\{print}`` means ``{print}``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Final

from procession.errors import UsageError
from procession.model.item import Item, base_name, directory_name, without_extension

Piece = str | Callable[[Item, int], str]
"""A literal, or what gives the text for an item and a slot."""

_INSIDE: Final = r"#|%|[0-9]*(?://|/\.|/|\.)?|[A-Za-z_][A-Za-z0-9_]*"
_COLUMN: Final = re.compile(r"([0-9]*)(.*)", re.ASCII)
_PARTS: Final[dict[str, Callable[[str], str]]] = {
    "": str,
    ".": without_extension,
    "/": base_name,
    "//": directory_name,
    "/.": lambda path: without_extension(base_name(path)),
}
SHOWN_SLOT: Final = "{%}"


class ItemTemplate:
    """A command with placeholders, checked once. uses_slot: whether ``{%}`` is among them.

    has_fixed_program: whether the first word is the same for every item.
    """

    def __init__(self, argv: Sequence[str], names: Sequence[str] = (), columns: int | None = None) -> None:
        """Take the words of a command; without any placeholder the item is appended as a last one.

        names: of the columns, where they have some. columns: how many there are, where that is known.
        Raises: UsageError: a placeholder names no column; ``place`` is the number of its word, from 1.
        """
        self.uses_slot = False
        self._names = tuple(names)
        self._columns = columns
        self._pattern = _pattern(self._names)
        self._words = [self._parse(place, word) for place, word in enumerate(argv, 1)]
        self.has_fixed_program = bool(self._words) and all(isinstance(piece, str) for piece in self._words[0])
        if all(isinstance(piece, str) for word in self._words for piece in word):
            self._words.append([lambda item, _slot: item.text])

    def fill(self, item: Item, slot: int | None = None) -> tuple[str, ...]:
        """Give the words for ``item`` in ``slot``; without one, ``{%}`` stays as it stands."""
        number = 0 if slot is None else slot
        return tuple(
            "".join(piece if isinstance(piece, str) else piece(item, number) for piece in word) for word in self._words
        )

    def _parse(self, place: int, word: str) -> list[Piece]:
        pieces: list[Piece] = []
        end = 0
        for match in self._pattern.finditer(word):
            pieces.append(word[end : match.start()])
            pieces.append(match[0][1:] if match["kept"] else self._meaning(place, match[0], match["inside"]))
            end = match.end()
        pieces.append(word[end:])
        return [piece for piece in pieces if piece != ""]

    def _meaning(self, place: int, whole: str, inside: str) -> Piece:
        if inside == "#":
            return lambda item, _slot: str(item.number)
        if inside == "%":
            self.uses_slot = True
            return lambda _item, slot: str(slot) if slot else SHOWN_SLOT
        match = _COLUMN.fullmatch(inside)
        if match is None or match[2] not in _PARTS:
            return self._named(place, whole, inside)
        return self._numbered(place, whole, match[1], _PARTS[match[2]])

    def _named(self, place: int, whole: str, name: str) -> Piece:
        if name not in self._names:
            close = difflib.get_close_matches(name, self._names, n=1)
            hint = f"did you mean {{{close[0]}}}?" if close else _hint_about_names(self._names)
            message = f"word {place} of the command: {whole} names no column"
            raise UsageError(message, hint=f"{hint}; \\{whole} stands for itself", place=place)
        return lambda item, _slot: item.named(name)

    def _numbered(self, place: int, whole: str, digits: str, part: Callable[[str], str]) -> Piece:
        if not digits:
            return (lambda item, _slot: item.text) if part is str else (lambda item, _slot: part(item.text))
        column = int(digits)
        if column == 0 or (self._columns is not None and column > self._columns):
            most = "columns are counted from 1" if column == 0 else f"there are {self._columns}"
            raise UsageError(f"word {place} of the command: {whole} names no column; {most}", place=place)
        return lambda item, _slot: part(item.column(column))


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    """A dollar before a brace makes it a variable of somebody else."""
    inside = "|".join([_INSIDE, *map(re.escape, names)])
    return re.compile(rf"(?<!\$)(?P<kept>\\)?\{{(?P<inside>{inside})\}}", re.ASCII)


def _hint_about_names(names: tuple[str, ...]) -> str:
    if names:
        return f"there are {', '.join(f'{{{name}}}' for name in names)}"
    return "names come with --header or --csv; {} is the item, {1} its first column"
