"""Whether a file is there. Not here: what is in it, and how it is noticed (`streams.looking`)."""

from __future__ import annotations

import contextlib
import os
from typing import Final

from procession.streams.looking import look_again

_CLOCK_STEP_S: Final = 0.02
"""Times of files are those of the last tick of the kernel's clock, up to 10 ms behind ours."""


async def wait_for_file(path: str, since: float) -> None:
    """Return once something newer than ``since`` (seconds since the epoch) is at ``path``, be it a file or a socket."""
    async with contextlib.aclosing(look_again(path)) as looks:
        async for _ in looks:
            if is_newer(path, since):
                return


def is_newer(path: str, since: float) -> bool:
    """Whether something is there that is newer than ``since``."""
    with contextlib.suppress(OSError):
        return os.lstat(path).st_ctime > since - _CLOCK_STEP_S
    return False
