"""The parts of a real daemon, and how they are opened and closed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final

from procession.daemon.assemble import Parts
from procession.daemon.config import Config
from procession.daemon.desk import DaemonDesk
from procession.daemon.listen import connect, listen_privately
from procession.daemon.paths import Paths
from procession.monitor.machine import MachineReader
from procession.process.durable_keeper import DurableKeeper
from procession.process.snapshot import COOKIE_VARIABLE
from procession.store.store import Store
from procession.supervisor.custody import Custody
from procession.supervisor.log_shelf import LogShelf
from procession.supervisor.store_ledger import StoreLedger
from procession.supervisor.supervisor import Supervisor
from procession.supervisor.terminal_logs import TerminalLogs
from procession.wire.notice_socket import NOTIFY
from procession.wire.sparing import MARK

_CONNECT_LIMIT_S: Final = 5.0


def parts_of(config: Config) -> Parts[StoreLedger, Custody]:
    """Give the parts of a daemon that is configured so."""

    @contextlib.asynccontextmanager
    async def open_desk(paths: Paths, ledger: StoreLedger, custody: Custody) -> AsyncIterator[DaemonDesk]:
        shelf = LogShelf(paths.logs, config.log_limit_bytes)
        terminals = TerminalLogs(shelf.terminal_log)
        door = Supervisor(
            pool=config.pool,
            machine=MachineReader(paths.home),
            launch=custody.launch,
            ledger=ledger,
            markers=paths.markers,
            checkpoints=paths.checkpoints,
            agents=config.agents,
            monitoring=config.monitoring,
        )
        async with door as supervisor:
            supervisor.subscribe_output(terminals.keep)
            supervisor.recover(custody)
            desk = DaemonDesk(paths, supervisor, custody, shelf)
            cleaning = asyncio.create_task(desk.housekeeping.keep_clean(config.retention))
            try:
                yield desk
            finally:
                cleaning.cancel()
                await asyncio.wait([cleaning])
                await supervisor.hand_over()
                terminals.close()

    @contextlib.asynccontextmanager
    async def open_store(paths: Paths) -> AsyncIterator[StoreLedger]:
        ledger = StoreLedger(Store(paths.store), LogShelf(paths.logs, config.log_limit_bytes))
        try:
            yield ledger
        finally:
            ledger.store.close()

    return Parts(open_store=open_store, link_keeper=link_keeper, open_desk=open_desk)


@contextlib.asynccontextmanager
async def link_keeper(paths: Paths, ledger: StoreLedger) -> AsyncIterator[Custody]:
    """Find the keeper, or start one; leave it to itself afterwards."""
    keeper = DurableKeeper(
        listen=lambda: _listen(paths.keeper_socket),
        connect=lambda: connect(paths.keeper_socket, timeout_s=_CONNECT_LIMIT_S),
        journal=paths.exits_journal,
        notice_directory=paths.notices,
        group=f"procession-d{hashlib.sha256(os.fsencode(paths.home)).hexdigest()[:12]}",
    )
    custody = Custody(ledger, keeper)
    try:
        await custody.attach()
        _sweep(paths.notices, custody)
        with _more_descriptors():
            yield custody
            await ledger.close()
    finally:
        await custody.close()
        if keeper.pid is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(paths.keeper_socket)
        with contextlib.suppress(OSError):  # somebody is still listened to there, or will be
            os.rmdir(paths.notices)


def _sweep(directory: str, custody: Custody) -> None:
    """Remove the names of sockets that nobody holds any more: their tasks ended with their keeper."""
    assert custody.greeting is not None
    held = {str(key) for key, name in custody.greeting.held if name == NOTIFY}
    for name in set(os.listdir(directory)) - held:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(directory, name))


def forget_our_starter() -> None:
    """Let nothing of whoever started us reach a job: it is no part of the tree we were started in."""
    for name in (COOKIE_VARIABLE, MARK):
        os.environ.pop(name, None)


def _listen(path: str) -> socket.socket:
    """Give a listening socket whose name stays when we close it: it is the keeper's."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(listen_privately(path))
        kept = listening.dup()
        stack.pop_all()
        listening.close()
    return kept


@contextlib.contextmanager
def _more_descriptors() -> Iterator[None]:
    """Raise our own limit as far as we may; jobs have that of whoever submitted them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
