"""Markers: files that say that a task is done, and what came of it. Written whole or not at all; read with suspicion.

Anybody may have written to one: what is torn, foreign or huge is told as an error, and nothing of it is believed.
Not here: who writes them (`procession.child.done`, `procession.supervisor.markers`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any, Final

import msgspec

from procession.errors import InvalidMarker
from procession.ipc.encoding import decode_line
from procession.kernel.own_file import read_own
from procession.model.names import check_name
from procession.model.outcome import OutcomeKind
from procession.streams.looking import look_again

SUFFIX: Final = ".done"
SIZE_LIMIT_BYTES: Final = 1 << 20

_TORN_PATIENCE_S: Final = 1.0
"""How long a file that cannot be read may be one that is still being written."""


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What a marker says. outcome: in which way the task is over; None: it is not, it has only said that it is done.

    result: what it said itself of its work. timestamp: seconds since the epoch; None where it was left out.
    """

    task: str
    attempt: int | None = None
    outcome: OutcomeKind | None = None
    result: Any = None
    timestamp: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it says that the work is done: by itself, or because the task has succeeded."""
        return self.outcome in (None, OutcomeKind.SUCCEEDED)


def marker_path(directory: str, task: str) -> str:
    """Say where the marker of ``task`` is. Raises: InvalidTask: that is no task's name, and could lead elsewhere."""
    return os.path.join(directory, check_name(task) + SUFFIX)


def read_marker(path: str, task: str) -> Marker:
    """Read the marker of ``task``. Raises: FileNotFoundError: there is none; InvalidMarker: it is not to be trusted."""
    try:
        marker = msgspec.convert(decode_line(read_own(path, SIZE_LIMIT_BYTES)), Marker)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _invalid(path, reason) from None
    if marker.task != task:
        raise _invalid(path, f"it is of task {marker.task!r}, not of {task!r}")
    return marker


async def wait_marker(path: str, task: str, *, after: Marker | None = None) -> Marker:
    """Give the marker of ``task``: that which is there, else the next; with ``after`` one that says something else.

    Raises: InvalidMarker: what is there cannot be trusted, and nobody finishes it; OSError: it cannot be watched.
    """
    torn: InvalidMarker | None = None
    patience_ends: float | None = None
    async with contextlib.aclosing(look_again(path)) as looks:
        while True:
            try:
                async with asyncio.timeout_at(patience_ends):
                    await anext(looks)
            except TimeoutError:
                assert torn is not None
                raise torn from None
            try:
                marker = read_marker(path, task)
            except FileNotFoundError:
                torn = patience_ends = None
            except InvalidMarker as error:
                torn = error
                patience_ends = patience_ends or asyncio.get_running_loop().time() + _TORN_PATIENCE_S
            else:
                torn = patience_ends = None
                if marker != after:
                    return marker


def _invalid(path: str, reason: str) -> InvalidMarker:
    hint = "write it beside, and rename it into place: procession.child.done does"
    return InvalidMarker(f"the marker {path} cannot be trusted: {reason}", path=path, reason=reason, hint=hint)
