r"""Text of others made safe to show: no escape sequence of a task, a name or a command reaches the user's terminal.

The logs keep every byte; only what we *show* is treated. Not here: what ``\r`` and colours leave of a line
(``streams.shown``), and how a single character is spelt out (``model.text``).
"""

from __future__ import annotations

from procession.model.text import printable
from procession.streams.shown import shown

TAB_COLUMNS = 4


def show_safely(text: str) -> str:
    r"""Make each character that could act on a terminal visible instead: ESC becomes ``\x1b``."""
    return printable(text.expandtabs(TAB_COLUMNS))


def show_line(line: bytes) -> str:
    """Give what a terminal would leave of a task's line, with nothing in it that acts on ours."""
    return show_safely(shown(line.decode("utf-8", "backslashreplace")))
