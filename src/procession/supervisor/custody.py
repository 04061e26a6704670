"""Running tasks as children of a keeper, each step written down before it is taken: the launcher of the daemon.

The intent stands in the store before the keeper hears of it; the exit stands there before the keeper may forget it.
Not here: what becomes of what an earlier supervisor left (`recovery`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from procession.errors import KeeperUnavailable, StartError, StreamUnavailable
from procession.ipc.outbox import ATOMIC_BYTES
from procession.model.event import Event, Exited
from procession.model.record import AttemptRecord, Phase
from procession.model.state import State
from procession.model.stdio import Pipe
from procession.process.boot import identify
from procession.process.launch import launch
from procession.process.relayed_notices import RelayedSource
from procession.process.spawn import Spawning
from procession.process.strays import Stray, find_strays
from procession.supervisor.equipment import equipped
from procession.wire.notice_socket import NOTIFY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from procession.ipc.channel import Channel
    from procession.model.command import Command
    from procession.process.durable_keeper import DurableKeeper
    from procession.process.keeper_link import Greeting, KeeperLink
    from procession.process.launch import Launched
    from procession.process.process import Process
    from procession.process.stdio import OpenStreams
    from procession.process.tree import Tree
    from procession.supervisor.entry import Entry
    from procession.supervisor.launcher import RunningProcess
    from procession.supervisor.store_ledger import StoreLedger

logger = logging.getLogger("procession.keeper")

_RENEWAL_PAUSE_S = 1.0
_HELD = ("stdin", "pty", "channel", "messages")
"""Our ends that a task must not lose when we are gone."""

VAULT_KEYS = 1 << 62
"""From here on keys are those of tasks, by their number, and not of attempts."""


class Custody:
    """Gives each attempt its block. ``keeper`` is attached, and attached anew whenever it was lost."""

    def __init__(self, ledger: StoreLedger, keeper: DurableKeeper) -> None:
        self.keeper = keeper
        self.ledger = ledger
        self.greeting: Greeting | None = None
        self.attempts: dict[int, KeptAttempt] = {}
        self._is_there = asyncio.Event()
        self._may_acknowledge = False
        self._renewal: asyncio.Task[None] | None = None
        keeper.on_lost = self._renew
        ledger.after_each_commit(self._acknowledge)

    async def attach(self) -> None:
        """Find the keeper, or start one. Raises: KeeperUnavailable."""
        self.greeting = await self.keeper.attach()

    def strays(self) -> list[Stray]:
        """List what the keeper has adopted and nobody can attribute: it left its tree and cleared its environment."""
        pid = self.keeper.pid
        return [] if pid is None or self.keeper.base is not None else find_strays(pid, set(self.attempts))

    def link(self) -> KeeperLink | None:
        """Give the connection to the keeper, while there is one."""
        try:
            return self.keeper.link
        except KeeperUnavailable:
            return None

    def open(self) -> None:
        """Begin to start things: the keeper is attached, and what it had is sorted out."""
        self._is_there.set()
        self._may_acknowledge = True

    def launch(self, entry: Entry) -> KeptAttempt:
        """Give the block in which a new attempt runs."""
        record = AttemptRecord(key=self.ledger.store.next_key(), task=entry.id, attempt=entry.view.attempt)
        entry.stored.vault = self.vault(entry.number)
        return KeptAttempt(self, entry, record, self._start)

    def adopt(self, entry: Entry, record: AttemptRecord, launched: Launched, *, holds: bool) -> KeptAttempt:
        """Give the block in which an attempt runs on that was started before us."""

        async def take(_attempt: KeptAttempt, _command: Command) -> Launched:
            return launched

        attempt = KeptAttempt(self, entry, record, take, is_new=False)
        attempt.holds = holds
        return attempt

    def vault(self, number: int) -> KeptVault:
        """Give who holds what the attempts of the task of this number gave into care."""
        return KeptVault(self.link, number)

    @property
    def is_open(self) -> bool:
        """Whether things are started: the keeper is there, and we are not about to leave it."""
        return self._is_there.is_set()

    def leave(self) -> None:
        """Be about to close: nothing is started any more, and nothing of what is being started is ended."""
        self._is_there.clear()
        link = self.link()
        if link is not None:
            link.leave()

    async def close(self) -> None:
        """Leave the keeper to itself."""
        self.keeper.on_lost = lambda: None
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        self.keeper.close()

    async def _start(self, attempt: KeptAttempt, command: Command) -> Launched:
        await self._is_there.wait()
        self.ledger.make_room(attempt.entry.id, command)
        parent = self.keeper.parent(attempt.record.key, attempt.entry.context)
        return await launch(command, parent, attempt.intend)

    async def send(self, process: RunningProcess, message: Any) -> None:
        """Send a message that is not lost, nor torn unnoticed, if we are killed. Raises: as `Channel.send`."""
        await self.attempts[process.pid].say(process.channel, message)  # type: ignore[arg-type]  # it is ours

    def _acknowledge(self) -> None:
        link = self.link()
        if link is not None and self._may_acknowledge:
            link.acknowledge()

    def _renew(self) -> None:
        """The keeper is gone: what it started goes on without it, what is to be started waits for the next one."""
        logger.error("the keeper is gone; what it started is followed without it, and another one is started")
        self._is_there.clear()
        for attempt in self.attempts.values():
            attempt.note_orphaned()
        self._renewal = asyncio.create_task(self._attach_anew())

    async def _attach_anew(self) -> None:
        while True:
            try:
                greeting = await self.keeper.attach()
            except KeeperUnavailable as error:
                logger.error("%s", error)  # noqa: TRY400 - the sentence says it all
                await asyncio.sleep(_RENEWAL_PAUSE_S)
                continue
            self.keeper.link.notices.forget_unclaimed()
            for key in greeting.ended:  # its journal was read already, when the old one was lost
                self.keeper.link.forget(key)
            self._is_there.set()
            self.keeper.link.acknowledge()
            return


class KeptVault:
    """The keeper, as the holder of what the attempts of one task gave into care: under a key of the task's own."""

    def __init__(self, link: Callable[[], KeeperLink | None], number: int) -> None:
        self._link = link
        self._key = VAULT_KEYS + number

    def hold(self, name: str, descriptor: int) -> None:
        """Have a copy held."""
        link = self._link()
        if link is not None:
            link.hold(self._key, name, descriptor)

    def drop(self, name: str) -> None:
        """Have it let go; all without a name."""
        link = self._link()
        if link is not None:
            link.drop(self._key, name)


class KeptAttempt:
    """One attempt as a block: what `Spawning` is, with every step of it written down."""

    def __init__(
        self,
        custody: Custody,
        entry: Entry,
        record: AttemptRecord,
        start: Callable[[KeptAttempt, Command], Awaitable[Launched]],
        *,
        is_new: bool = True,
    ) -> None:
        self.entry = entry
        self.record = record
        self._custody = custody
        self._spawning = Spawning(equipped(entry), start=partial(start, self), is_new=is_new)
        self._process: Process | None = None
        self.holds = False

    async def __aenter__(self) -> Process:
        """Start it, or take it over. Raises: StartError."""
        try:
            self._process = process = await self._spawning.__aenter__()
        except StartError:
            self._note(phase=Phase.OVER)
            self._let_go()
            raise
        except asyncio.CancelledError:
            if self._custody.is_open:  # else it may be started all the same, for whoever comes next
                self._let_go()
            raise
        if self.record.phase is Phase.INTENDED:
            leader = identify(process.pid, process.leader_inode())
            self._note(phase=Phase.STARTED, leader=leader, started_at=process.started_at)
        self._custody.attempts[process.pid] = self
        process.subscribe(self._hear)
        if isinstance(process.command.stdin, Pipe) and process.has_stdin:
            process.stdin.on_closed = partial(self._drop, "stdin")
        if process.command.channel:
            with contextlib.suppress(StreamUnavailable):  # it was lost with its keeper
                self._take_channel(process.channel)
        if self.entry.view.state is State.STOPPING:  # the wish is older than we are
            self.entry.acts.add(asyncio.create_task(self._go_on_stopping(process)))
        return process

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is left of it, unless it was released."""
        assert self._process is not None
        await self._spawning.__aexit__(kind, error, trace)
        if not self._process.is_released:
            self._note(phase=Phase.OVER)
            self._let_go()

    async def intend(self, tree: Tree, streams: OpenStreams) -> None:
        """Write down what is about to be started, and have our ends of its streams held."""
        offsets = {name: log.start_offset for name, log in streams.logs.items()}
        self._note(tree=tree.mark, offsets=offsets)
        await self._custody.ledger.wait_written()
        link = self._custody.link()
        if link is not None:
            for name in streams.ours.keys() & set(_HELD):
                self.holds = True
                link.hold(self.record.key, name, streams.ours[name])
            if NOTIFY in streams.ours:
                self.holds = True
                link.listen(self.record.key, streams.ours[NOTIFY])
                streams.relay = partial(RelayedSource, link.notices, self.record.key)

    async def say(self, channel: Channel, message: Any) -> None:
        """Send a message so that it is with the kernel when this returns. Raises: as `Channel.send`."""
        line = channel.encode(message)
        is_long = len(line) > ATOMIC_BYTES
        if is_long:
            self._note(is_saying=True)
            await self._custody.ledger.wait_written()
        await channel.send_line(line)
        if is_long:
            self._note(is_saying=False)

    def note_orphaned(self) -> None:
        """Tell that its keeper is gone."""
        if self._process is not None:
            self._process.note_orphaned()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Exited) and self._process is not None:
            self._custody.attempts.pop(self._process.pid, None)
        if isinstance(event, Exited) and self.record.exit is None and self._process is not None:
            self._note(phase=Phase.EXITED, exit=self._process.exit_fact)

    async def _go_on_stopping(self, process: Process) -> None:
        await process.terminate(by=self.entry.wish or "user")

    def _take_channel(self, channel: Channel) -> None:
        channel.on_taken = self._note_taken
        if self.record.is_saying:
            logger.warning("a message to task %s was cut off in the middle: its channel is closed", self.entry.id)
            channel.close()
            self._note(is_saying=False)

    def _note_taken(self, messages_read: int) -> None:
        self._note(messages_read=messages_read)

    def _note(self, **changes: Any) -> None:
        self.record = replace(self.record, **changes)
        self._custody.ledger.note_attempt(self.record)

    def _let_go(self) -> None:
        if self.holds:
            self._drop("")

    def _drop(self, name: str) -> None:
        link = self._custody.link()
        if link is not None:
            link.drop(self.record.key, name)
