"""A daemon in this process: store, keeper and supervisor as the daemon assembles them, in a home that goes afterwards.

Not here: its door (HTTP); a rival that needs that starts a real daemon (`daemons`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator

from procession.daemon.assemble import assemble
from procession.daemon.config import Config
from procession.daemon.desk import DaemonDesk
from procession.daemon.parts import parts_of
from procession.daemon.paths import Paths, find_paths
from procession.model.pool import Pool


@contextlib.contextmanager
def own_home(scratch: str) -> Iterator[Paths]:
    """Gives paths nobody else uses, for us and for whatever we start; removes all below them afterwards.

    In a short place: a socket has a name of at most 107 bytes.
    """
    home = tempfile.mkdtemp(prefix="procession-home-", dir=scratch)
    os.environ["PROCESSION_HOME"] = home
    os.environ.pop("XDG_RUNTIME_DIR", None)
    try:
        yield find_paths()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.asynccontextmanager
async def open_desk(at_once: int, scratch: str) -> AsyncIterator[DaemonDesk]:
    """Gives the desk of a whole supervisor; ends its tasks and its keeper afterwards."""
    with own_home(scratch) as paths:
        paths.make()
        async with assemble(paths, parts_of(Config(pool=Pool(hard_limit=at_once, soft_limit=at_once)))) as desk:
            assert isinstance(desk, DaemonDesk)
            try:
                yield desk
            finally:
                await desk.shutdown(kill=True)
