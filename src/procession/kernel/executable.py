"""What the kernel itself reads of a file it is asked to execute: its first bytes, and the interpreter they name.

Not here: whether that interpreter exists, and what to say if it does not (`procession.process.program`).
Sources: fs/binfmt_script.c, elf(5).
"""

from __future__ import annotations

import contextlib
import os
import re
import struct

SHEBANG_LIMIT_BYTES = 256
"""The kernel reads no more of a script's first line (BINPRM_BUF_SIZE)."""

# The kernel splits at blanks and tabs only, and works with C strings: a \r belongs to the name, a NUL ends it.
_SHEBANG_NAME = re.compile(rb"#![ \t]*([^ \t\n\0]*)")
_LOADER = 3  # PT_INTERP
_BYTE_ORDERS = {1: "<", 2: ">"}
_TABLE_PLACE = {1: ("I", 28, 42), 2: ("Q", 32, 54)}
_ENTRY = {1: struct.Struct("IIIII"), 2: struct.Struct("IIQQQQ")}


def read_beginning(path: str) -> bytes | None:
    """Give its first bytes, None if it may perhaps be run but not read."""
    return _read(path, 0, SHEBANG_LIMIT_BYTES)


def script_interpreter(beginning: bytes) -> str:
    """Give the interpreter that a ``#!`` line names; empty if it names none, or none that is whole."""
    match = _SHEBANG_NAME.match(beginning)
    if match is None or match.end() >= SHEBANG_LIMIT_BYTES:
        return ""
    return os.fsdecode(match[1])


def program_loader(path: str) -> str:
    """Give the dynamic loader that an ELF file asks for; empty if it needs none or cannot be read."""
    header = _read(path, 0, 64) or b""
    with contextlib.suppress(struct.error, KeyError, IndexError):
        width, order = header[4], _BYTE_ORDERS[header[5]]
        kind, table_at, sizes_at = _TABLE_PLACE[width]
        (table,) = struct.unpack_from(order + kind, header, table_at)
        size, count = struct.unpack_from(order + "HH", header, sizes_at)
        entries = _read(path, table, size * count) or b""
        for index in range(count):
            fields = struct.unpack_from(order + _ENTRY[width].format, entries, index * size)
            if fields[0] == _LOADER:
                offset, length = (fields[1], fields[4]) if width == 1 else (fields[2], fields[5])
                return os.fsdecode((_read(path, offset, length) or b"").rstrip(b"\0"))
    return ""


def _read(path: str, offset: int, size_bytes: int) -> bytes | None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.pread(descriptor, size_bytes, offset)
        finally:
            os.close(descriptor)
    return None
