"""What a standard stream of a command can be connected to. Only descriptions: nothing is opened here."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from procession.model.checks import check_path, check_whole

SIZE_LIMIT: Final = 65535
"""The most columns or rows a terminal can have."""

_DESCRIPTOR_MAX = 2**31 - 1


class Pipe(Struct, frozen=True, tag="pipe", tag_field="kind"):
    """A pipe to us, read (or written) as it comes. Nobody reading means the child waits: backpressure."""


class Null(Struct, frozen=True, tag="null", tag_field="kind"):
    """``/dev/null``: an immediate end of file, or a sink."""


class Inherit(Struct, frozen=True, tag="inherit", tag_field="kind"):
    """The same stream of this process, untouched."""


class File(Struct, frozen=True, tag="file", tag_field="kind"):
    """A file by path, relative to this process's directory. Output truncates it unless ``append``."""

    path: str
    append: bool = False

    def __post_init__(self) -> None:
        """Take any kind of path. Raises: InvalidCommand."""
        msgspec.structs.force_setattr(self, "path", check_path("path", self.path))


class Descriptor(Struct, frozen=True, tag="descriptor", tag_field="kind"):
    """A file descriptor of this process, which stays ours to close."""

    fd: int

    def __post_init__(self) -> None:
        """Raise InvalidCommand for what can be no descriptor."""
        check_whole("fd", self.fd, 0, _DESCRIPTOR_MAX)


class Merged(Struct, frozen=True, tag="merged", tag_field="kind"):
    """For stderr only: the very same pipe or file as stdout, so that the order of writes is kept exactly."""


class Log(Struct, frozen=True, tag="log", tag_field="kind"):
    """A log file that the child itself appends to; we follow it. With ``limit_bytes`` only head and tail are kept."""

    path: str
    limit_bytes: int | None = None

    def __post_init__(self) -> None:
        """Take any kind of path. Raises: InvalidCommand."""
        msgspec.structs.force_setattr(self, "path", check_path("path", self.path))
        if self.limit_bytes is not None:
            check_whole("limit_bytes", self.limit_bytes, 1)


class Pty(Struct, frozen=True, tag="pty", tag_field="kind"):
    """A pseudo-terminal of this size, controlling the child's session. One serves every stream that asks for it."""

    columns: int = 80
    rows: int = 24

    def __post_init__(self) -> None:
        """Raise InvalidCommand for a size the kernel would silently wrap."""
        check_whole("columns", self.columns, 1, SIZE_LIMIT)
        check_whole("rows", self.rows, 1, SIZE_LIMIT)


Stdin = Pipe | Null | Inherit | File | Descriptor | Pty
Output = Pipe | Null | Inherit | File | Descriptor | Merged | Log | Pty

PIPE: Final = Pipe()
NULL: Final = Null()
INHERIT: Final = Inherit()
MERGED: Final = Merged()
PTY: Final = Pty()
