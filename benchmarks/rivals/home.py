"""A home for a daemon that goes afterwards; a real daemon in it, or its parts in this process, without its door."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from procession.client.client import Client
from procession.daemon.assemble import assemble
from procession.daemon.config import Config
from procession.daemon.desk import DaemonDesk
from procession.daemon.parts import parts_of
from procession.daemon.paths import Paths, find_paths
from procession.daemon.start import start_daemon
from procession.model.pool import PoolSettings

END_LIMIT_S = 30.0


@contextlib.contextmanager
def own_home(scratch: str) -> Iterator[Paths]:
    """Gives paths nobody else uses, for us and for whatever we start; removes all below them afterwards."""
    home = tempfile.mkdtemp(prefix="home-", dir=scratch)
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
        async with assemble(paths, parts_of(Config(pool=PoolSettings(hard_limit=at_once, soft_limit=at_once)))) as desk:
            assert isinstance(desk, DaemonDesk)
            try:
                yield desk
            finally:
                await desk.shutdown(kill=True)


@contextlib.contextmanager
def running_daemon(at_once: int, scratch: str) -> Iterator[Client]:
    """Gives a client of a daemon that was started as anybody's is; ends it, its keeper and its tasks afterwards."""
    with own_home(scratch) as paths:
        limits = f"[pool]\nhard_limit = {at_once}\nsoft_limit = {at_once}\n"
        Path(f"{paths.home}/config.toml").write_text(limits)
        with Client(start_daemon(paths)) as client:
            try:
                yield client
            finally:
                _end(client)


def _end(client: Client) -> None:
    """Waits until the daemon is gone: its files are removed next."""
    gone = os.pidfd_open(client.status().pid)
    try:
        client.shutdown(kill=True)
        select.select([gone], [], [], END_LIMIT_S)
    finally:
        os.close(gone)
