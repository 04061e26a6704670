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
    kept = [index for index in range(len(head)) if any(row[index] for row in rows)] or [0]
    widths = {index: max(_width(row[index]) for row in (head, *rows)) for index in kept}
    limit, colourful = screen_width(), wants_colour()
    lines = []
    for row in (head, *rows):
        cells = [_align(row[index], widths[index], to_right=head[index] in right) for index in kept]
        line = _cut(GAP.join(cells).rstrip(), limit)
        colour = ("bold" if row is head else colour_of(row) if colour_of else None) if colourful else None
        lines.append(paint(line, colour))
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


def _align(text: str, width: int, *, to_right: bool) -> str:
    padding = " " * (width - _width(text))
    return padding + text if to_right else text + padding


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)


def _cut(text: str, limit: int | None) -> str:
    if limit is None or _width(text) <= limit:
        return text
    cut = text[: limit - 1]
    while _width(cut) > limit - 1:
        cut = cut[:-1]
    return f"{cut}…"
