"""One table for every verb that shows one: aligned columns, cut to the terminal, columns without content left out.

Kept light, for the quickest verbs. Not here: the live table of `up` (``table``).
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # the module that defines it costs more than this one
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GAP = "  "
LEAST_WIDTH = 20
CODES = {"red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36, "dim": 2, "bold": 1}


def render_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    colour_of: Callable[[Sequence[str]], str | None] | None = None,
) -> str:
    """Write ``head`` and ``rows``, which must be safe to show. ``colour_of`` names a row's colour, on a terminal."""
    columns = list(zip(head, *rows, strict=True))
    kept = [column for column in columns if any(column[1:]) or not rows]
    shown = [_align(column, to_right=column[0] in right) for column in kept]
    lines = [GAP.join(cells).rstrip() for cells in zip(*shown, strict=True)]
    limit = screen_width()
    if limit is not None:
        lines = [_cut(line, limit) for line in lines]
    if wants_colour():
        colours = ["bold", *(colour_of(row) if colour_of else None for row in rows)]
        lines = [paint(line, colour) for line, colour in zip(lines, colours, strict=True)]
    return "\n".join([*lines, ""])


def paint(text: str, colour: str | None) -> str:
    """Colour a text; None leaves it as it is."""
    return f"\x1b[{CODES[colour]}m{text}\x1b[0m" if colour else text


def screen_width() -> int | None:
    """Give how many columns there are to fill; None where nothing is to be cut."""
    try:
        return max(os.get_terminal_size(1).columns, LEAST_WIDTH)
    except OSError:
        return None


def wants_colour() -> bool:
    """Whether colours are welcome on standard output (https://no-color.org)."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("NO_COLOR")


def _align(column: Sequence[str], *, to_right: bool) -> list[str]:
    if "".join(column).isascii():  # a thousand rows are no rarity, and these two are quick
        width = max(map(len, column))
        return [cell.rjust(width) if to_right else cell.ljust(width) for cell in column]
    widths = list(map(_width, column))
    width = max(widths)
    padded = [(cell, " " * (width - each)) for cell, each in zip(column, widths, strict=True)]
    return [padding + cell if to_right else cell + padding for cell, padding in padded]


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)


def _cut(text: str, limit: int) -> str:
    if _width(text) <= limit:
        return text
    cut = text[: limit - 1]
    while _width(cut) > limit - 1:
        cut = cut[:-1]
    return f"{cut}…"
