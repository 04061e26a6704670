"""The file of a task's checkpoints: JSON that people can read, written whole or not at all, read with suspicion.

Anybody may have edited one, and what it says may be run. Not here: which checkpoints are kept (``shelf``).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from procession.errors import InvalidCheckpoint
from procession.ipc.encoding import decode_line
from procession.kernel.own_file import read_own
from procession.kernel.rename import rename_anew
from procession.kernel.whole_file import sync_directory, write_whole
from procession.model.checkpoint import Checkpoint
from procession.model.names import check_name

SUFFIX: Final = ".json"
SIZE_LIMIT_BYTES: Final = 1 << 20
VERSION: Final = 1


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that stands in the file. checkpoints: the newest first."""

    version: int
    task: str
    checkpoints: list[Checkpoint]


def checkpoint_path(directory: str, task: str) -> str:
    """Say where the checkpoints of ``task`` are. Raises: InvalidTask: that is no name, and could lead elsewhere."""
    return os.path.join(directory, check_name(task) + SUFFIX)


def read_checkpoints(path: str, task: str) -> list[Checkpoint]:
    """Give what is kept of ``task``, the newest first.

    Raises: FileNotFoundError: nothing; InvalidCheckpoint: it is not to be trusted; OSError: nobody can read it now.
    """
    try:
        return _believe(decode_line(read_own(path, SIZE_LIMIT_BYTES, is_private=True)), task)
    except (ValueError, RecursionError) as error:
        raise InvalidCheckpoint(path, str(error) or "it is nested too deeply") from None


def write_checkpoints(path: str, task: str, checkpoints: Sequence[Checkpoint]) -> None:
    """Put these there, the newest first, for us alone and to stay: as many as the file has room for.

    It waits for the disk twice. Raises: InvalidCheckpoint: not even the first has room; OSError: it cannot be written.
    """
    for count in range(len(checkpoints), 0, -1):
        content = _encode(_File(version=VERSION, task=task, checkpoints=list(checkpoints[:count])))
        if len(content) <= SIZE_LIMIT_BYTES:
            write_whole(path, content)
            sync_directory(os.path.dirname(path))
            return
    raise InvalidCheckpoint(path, f"one alone would be larger than {SIZE_LIMIT_BYTES:,} bytes")


def set_aside(path: str) -> str:
    """Give what stands at ``path``, whatever it is, the first name ``<path>.bad-<n>`` that is free; say which.

    Raises: OSError: it is not there, or may not be renamed.
    """
    for number in itertools.count(1):
        aside = f"{path}.bad-{number}"
        with contextlib.suppress(FileExistsError):
            rename_anew(path, aside)
            sync_directory(os.path.dirname(path))
            return aside
    raise AssertionError  # there is always a next number


def _encode(content: _File) -> bytes:
    """Write it so that people can read it; bytes that were no UTF-8 become escapes, which ``json`` reads again."""
    plain = msgspec.to_builtins(content)
    try:
        return _dump(plain, as_it_is=True).encode()
    except UnicodeEncodeError:
        return _dump(plain, as_it_is=False).encode()


def _dump(plain: Any, *, as_it_is: bool) -> str:
    return json.dumps(plain, indent=2, ensure_ascii=not as_it_is, allow_nan=False) + "\n"


def _believe(content: Any, task: str) -> list[Checkpoint]:
    """Make checkpoints of what a file says. Raises: ValueError: that says why not."""
    version = content.get("version") if isinstance(content, dict) else None
    if type(version) is not int:
        raise ValueError("it says no version")
    if version > VERSION:
        raise ValueError(f"a newer version of procession wrote it (form {version}; this one knows {VERSION})")
    read = _FORMS.get(version)
    if read is None:
        raise ValueError(f"its form {version} is older than any that is known")
    owner, checkpoints = read(content)
    if owner != task:
        raise ValueError(f"it is of task {owner!r}, not of {task!r}")
    if any(each.task != task for each in checkpoints):
        raise ValueError("a checkpoint in it is of another task")
    if any(one.number <= other.number for one, other in itertools.pairwise(checkpoints)):
        raise ValueError("its checkpoints do not stand in order, the newest first")
    return checkpoints


def _read_form_1(content: Any) -> tuple[str, list[Checkpoint]]:
    made = msgspec.convert(content, _File)
    return made.task, made.checkpoints


_FORMS: Final[dict[int, Callable[[Any], tuple[str, list[Checkpoint]]]]] = {1: _read_form_1}
"""How each form is read. An older one stays here when there is a newer one."""
