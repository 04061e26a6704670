"""The keeper that goes on without us: found where it listens, or started there; and started anew when it is gone.

Not here: what becomes of what it kept (`procession.supervisor.recovery`), and where sockets may be (the daemon's).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import Callable, Iterable, Mapping

from procession.errors import KeeperUnavailable
from procession.kernel import cgroup, pidfd
from procession.kernel.files import read_file
from procession.kernel.fork_exec import Child
from procession.model.context import Context
from procession.model.record import ExitFact
from procession.process.exit_fact import exit_fact
from procession.process.keeper_link import Greeting, KeeperLink
from procession.process.keepers import start_durable
from procession.process.kept_parent import OURS, Circumstances, KeptParent
from procession.process.snapshot import COOKIE_VARIABLE
from procession.process.waiting import wait_for
from procession.wire.exits import unpack_records

GREETING_LIMIT_S = 10.0
_END_LIMIT_S = 10.0
_CONTEXTS_KEPT = 256


class DurableKeeper:
    """One keeper at a time. ``is_new`` says whether the one we talk to was started by us, and so knows of nothing.

    listen, connect: give a socket that listens where keepers do, or one that is connected to who listens there.
    journal: the path of its journal of exits. group: the name of the directory of its control groups.
    """

    def __init__(
        self,
        *,
        listen: Callable[[], socket.socket],
        connect: Callable[[], socket.socket],
        journal: str,
        group: str,
        notice_directory: str | None = None,
    ) -> None:
        self.is_new = False
        self._notice_directory = notice_directory
        self.base: cgroup.Base | None = None
        self.on_lost: Callable[[], None] = lambda: None
        self._listen = listen
        self._connect = connect
        self._journal = journal
        self._group = group
        self._child: Child | None = None
        self._link: KeeperLink | None = None
        self._pid: int | None = None
        self._circumstances: dict[int, tuple[Context, Circumstances]] = {}

    @property
    def link(self) -> KeeperLink:
        """The connection. Raises: KeeperUnavailable: there is none now."""
        if self._link is None or self._link.is_lost:
            raise KeeperUnavailable("there is no keeper now; another one is being started")
        return self._link

    @property
    def pid(self) -> int | None:
        """Of the keeper, while there is one."""
        return self._pid

    async def attach(self) -> Greeting:
        """Find the keeper, or start one. Raises: KeeperUnavailable: it serves somebody else, or cannot be started."""
        try:
            connection, self.is_new = self._connect(), False
        except OSError:
            connection, self.is_new = await self._start(), True
        self._link = KeeperLink(connection, acknowledges=False, last_words=self._last_words)
        try:
            async with asyncio.timeout(GREETING_LIMIT_S):
                greeting = await self._link.greet()
        except TimeoutError:
            self._link.close()
            hint = "it may be stopped: continue it (kill -CONT), or end it and accept that exits may be lost"
            raise KeeperUnavailable("the keeper does not greet", hint=hint) from None
        self._pid = greeting.pid
        self._circumstances.clear()  # they are told as differences from those of the keeper
        self._link.on_lost = self._note_loss
        self._find_base(greeting.pid)
        return greeting

    def parent(self, key: int, context: Context | None) -> KeptParent:
        """Give the parent of the attempt ``key``. Raises: KeeperUnavailable."""
        circumstances = self._circumstances_of(context)
        return KeptParent(
            self.link, self.base, key, circumstances=circumstances, notice_directory=self._notice_directory
        )

    def notice_path(self, key: int) -> str:
        """Say where the attempt ``key`` is listened to."""
        return os.path.join(self._notice_directory or "", str(key))

    async def shut_down(self, grace_s: float = 0.0) -> None:
        """End the keeper with all it still has; return when it is gone."""
        pid = self._pid
        if self._link is None or self._link.is_lost or pid is None:
            return
        self.on_lost = lambda: None
        descriptor = pidfd.open_pidfd(pid)
        self._link.shut_down(grace_s)
        if descriptor is not None:
            await wait_for(lambda: pidfd.has_ended(descriptor), grace_s + _END_LIMIT_S)
            os.close(descriptor)
        self._pid = None
        if self.base is not None:  # nobody is left who could be in one of its groups
            self.base.close()
            self.base = None

    def close(self) -> None:
        """Leave the keeper to itself, and to whoever comes next."""
        if self._link is not None:
            self._link.close()
        if self.base is not None:
            self.base.forget()
        self._reap()

    # --- its beginning ------------------------------------------------------------------------------------------------

    async def _start(self) -> socket.socket:
        self._reap()
        with self._listen() as listener:
            self._child = start_durable(listener, self._journal, _home_procs("self"))
        try:
            return self._connect()
        except OSError as error:
            raise KeeperUnavailable(f"the keeper cannot be reached: {error.strerror}") from error

    def _find_base(self, pid: int) -> None:
        """Use the groups below the one the keeper lives in, wherever we live."""
        if self.base is not None:
            self.base.forget()
            self.base = None
        home = cgroup.locate_home(read_file(f"/proc/{pid}/cgroup"), read_file("/proc/self/mountinfo"))
        if home is not None and os.environ.get("PROCESSION_CGROUP") != "off":
            with contextlib.suppress(OSError):
                self.base = cgroup.Base(home, self._group)

    def _circumstances_of(self, context: Context | None) -> Circumstances:
        if context is None:
            return OURS
        known = self._circumstances.get(id(context))
        if known is None or known[0] is not context:
            # who submits from inside a task does not make ours a part of that task's tree
            env = {name: value for name, value in context.env.items() if name != COOKIE_VARIABLE}
            soft_limits, nice_change = self._soft_limits(context.soft), self._nice_change(context.nice)
            known = context, Circumstances(env, context.umask, soft_limits, nice_change)
            if len(self._circumstances) >= _CONTEXTS_KEPT:
                self._circumstances.clear()
            self._circumstances[id(context)] = known
        return known[1]

    def _soft_limits(self, wanted: Mapping[str, int]) -> dict[int, int]:
        """Give those that are not the keeper's anyway. It raises one for itself: that of descriptors is always said."""
        numbers = {name: getattr(resource, f"RLIMIT_{name.upper()}", None) for name in wanted}
        return {
            number: wanted[name]
            for name, number in numbers.items()
            if number is not None
            and (number == resource.RLIMIT_NOFILE or self._limit_of_keeper(number) != wanted[name])
        }

    def _nice_change(self, wanted: int | None) -> int:
        try:
            return 0 if wanted is None else wanted - os.getpriority(os.PRIO_PROCESS, self._pid or 0)
        except OSError:
            return 0

    def _limit_of_keeper(self, number: int) -> int | None:
        try:
            return resource.prlimit(self._pid or 0, number)[0]
        except OSError:
            return None

    # --- its end ------------------------------------------------------------------------------------------------------

    def _last_words(self) -> Iterable[tuple[int, int, ExitFact]]:
        """Read what it wrote down and could not tell any more."""
        return [(each.seq, each.key, exit_fact(each)) for each in unpack_records(read_file(self._journal))]

    def _note_loss(self) -> None:
        self._pid = None
        self.on_lost()

    def _reap(self) -> None:
        if self._child is not None and self._child.pidfd is not None:
            pidfd.reap(self._child.pid, self._child.pidfd)
            os.close(self._child.pidfd)
        self._child = None


def _home_procs(who: str) -> str:
    home = cgroup.locate_home(read_file(f"/proc/{who}/cgroup"), read_file("/proc/self/mountinfo"))
    return f"{home}/cgroup.procs" if home else ""
