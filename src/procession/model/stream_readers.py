"""Readers for ``stdin``, ``stdout`` and ``stderr`` of a task file.

A path given for an output is a log file: appended to, never truncated, so that retries lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from procession.model.field_readers import Misfit, got, read_flag, read_integer, read_size, read_text
from procession.model.stdio import INHERIT, MERGED, NULL, PIPE, PTY, File, Log, Output, Pty, Stdin

_OUTPUT_WORDS: Mapping[str, Output] = {"pipe": PIPE, "null": NULL, "inherit": INHERIT, "pty": PTY}
_ERROR_WORDS: Mapping[str, Output] = {**_OUTPUT_WORDS, "merged": MERGED}
_INPUT_WORDS: Mapping[str, Stdin] = {"null": NULL, "inherit": INHERIT, "pty": PTY}


def read_stdin(value: object) -> Stdin:
    """Take a word, a path to read from, or a table of a pty."""
    if value == "pipe":
        raise Misfit("expected a file, null, inherit or pty: nobody would write to a pipe")
    if isinstance(value, str):
        return _INPUT_WORDS.get(value) or File(read_text(value))
    table = _one_table(value, _INPUT_WORDS, ("pty",))
    return _pty(table)


def read_stdout(value: object) -> Output:
    """Take a word, the path of a log, or a table: ``{ log = "x.log", limit = "10MB" }``, a file or a pty."""
    return _output(value, _OUTPUT_WORDS)


def read_stderr(value: object) -> Output:
    """Take what stdout takes, or ``merged``."""
    return _output(value, _ERROR_WORDS)


def _output(value: object, words: Mapping[str, Output]) -> Output:
    if value == "merged" and "merged" not in words:
        raise Misfit("expected an output of its own: merged is for stderr", hint='write stderr = "merged"')
    if isinstance(value, str):
        return words.get(value) or Log(read_text(value))
    table = _one_table(value, words, ("log", "file", "pty"))
    if "pty" in table:
        return _pty(table)
    if "file" in table:
        _only(table, "file", "append")
        return File(read_text(table["file"]), append=read_flag(table.get("append", False)))
    _only(table, "log", "limit")
    return Log(read_text(table["log"]), limit_bytes=read_size(table["limit"]) if "limit" in table else None)


def _pty(table: dict[str, Any]) -> Pty:
    _only(table, "pty", "columns", "rows")
    if table["pty"] is not True:
        raise Misfit(f"expected pty = true, {got(table['pty'])}")
    columns, rows = read_integer(table.get("columns", 80)), read_integer(table.get("rows", 24))
    if not (1 <= columns <= 65535 and 1 <= rows <= 65535):
        raise Misfit("expected columns and rows from 1 to 65535")
    return Pty(columns, rows)


def _one_table(value: object, words: Mapping[str, Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, dict) and len(value.keys() & set(kinds)) == 1:
        return value
    tables = " or ".join(f"{{ {kind} = … }}" for kind in kinds)
    raise Misfit(f"expected a path, one of {', '.join(words)}, or a table {tables}, {got(value)}")


def _only(table: dict[str, Any], *keys: str) -> None:
    for key in table.keys() - set(keys):
        raise Misfit(f"expected only {', '.join(keys)} in this table", inside=(key,))
