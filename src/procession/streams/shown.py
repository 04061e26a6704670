r"""What a terminal would leave of one line: the policy for ``\r``, backspaces and colours.

``\r`` goes back to the first column and what follows overwrites, ``\b`` goes back one; "erase in line" and column
moves are obeyed; colours, titles and every other escape sequence leave nothing. Each character counts as one
column. Not here: a screen with rows (``answering`` has one), and the log, which keeps every byte.
"""

import re
from typing import AnyStr

_MAX_JUMP = 1000
"""How far a column move may go beyond the text: a sequence must not make memory out of a number."""

_TOKEN = re.compile(
    r"\x1b\[(?P<args>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|(?P<dropped>\x1b\[[0-?]*[ -/]*|\x1b[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?)"
    r"|(?P<move>[\r\b])"
    r"|(?P<text>[^\x1b\r\b]+)"
)


def shown(line: AnyStr) -> AnyStr:
    """Return what is left to see of ``line`` (str or bytes, without its newline); invalid UTF-8 is kept."""
    if isinstance(line, bytes):
        return _draw(line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return _draw(line)


def _draw(line: str) -> str:
    line = line.rstrip("\r")
    if not any(mark in line for mark in "\r\b\x1b"):
        return line
    cells: list[str] = []
    column = 0
    for token in _TOKEN.finditer(line):
        if token["text"]:
            column = _write(cells, column, token["text"])
        elif token["move"]:
            column = 0 if token["move"] == "\r" else max(column - 1, 0)
        elif token["final"]:
            column = _obey(cells, column, token["final"], token["args"])
    return "".join(cells)


def _write(cells: list[str], column: int, text: str) -> int:
    cells += " " * (column - len(cells))
    end = column + len(text)
    cells[column:end] = text
    return end


def _obey(cells: list[str], column: int, final: str, args: str) -> int:
    number = int(args) if args.isascii() and args.isdigit() and len(args) < len("1000000") else 0
    furthest = max(len(cells), column) + _MAX_JUMP
    match final:
        case "K":
            _erase(cells, column, number)
        case "G":
            return min(max(number, 1) - 1, furthest)
        case "C":
            return min(column + max(number, 1), furthest)
        case "D":
            return max(column - max(number, 1), 0)
    return column


def _erase(cells: list[str], column: int, how: int) -> None:
    if how == 0:
        del cells[column:]
    elif how == 1:
        before = min(column + 1, len(cells))
        cells[:before] = " " * before
    else:
        cells.clear()
