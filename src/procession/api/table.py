"""Tasks as tab-separated values: a first line of names, then a line for each, safe to show as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from starlette.responses import Response

from procession.api.media import TABLE
from procession.model.table_row import COLUMNS, Cell
from procession.model.text import printable

_HEAD: Final = "\t".join(COLUMNS)


def table_reply(rows: Iterable[Sequence[Cell]]) -> Response:
    """Answer with ``rows``; what is not known is empty, and control characters are written as escapes."""
    lines = [_HEAD, *("\t".join(map(_cell, row)) for row in rows), ""]
    return Response("\n".join(lines), media_type=TABLE)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) else str(value)
