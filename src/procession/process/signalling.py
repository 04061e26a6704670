"""Signals to a leader or its whole tree, and the two answers that are no signal: it has ended, we may not."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from procession.errors import AlreadyEnded, CannotSignal
from procession.kernel.signal_handlers import catches
from procession.model.command import Command
from procession.model.event import Event, Signalled
from procession.model.signals import signal_name, signal_or_probe
from procession.process.leader import Leader
from procession.process.tree import Tree, signal_members


class Signalling:
    """Signals one process. ``sent`` are the signals it was sent; ``is_over`` says whether nothing of it lives."""

    def __init__(
        self,
        command: Command,
        leader: Leader,
        tree: Tree,
        *,
        is_over: Callable[[], bool],
        tell: Callable[[Event], None],
    ) -> None:
        """Begin with nothing sent."""
        self.sent: set[int] = set()
        self._command = command
        self._leader = leader
        self._tree = tree
        self._is_over = is_over
        self._tell = tell

    def send(self, number: str | int, scope: str) -> None:
        """Send one signal; 0 only asks whether it lives. Raises: InvalidSignal, AlreadyEnded, CannotSignal."""
        number = signal_or_probe(number)
        if number == 0:
            self._check_signallable(scope)
            return
        if scope == "leader":
            self._signal_leader(number)
        else:
            self._signal_tree(number)
        self.sent.add(number)
        self._tell(Signalled(at=time.time(), signal=number, signal_name=signal_name(number), scope=scope))

    async def send_if_caught(self, number: int, holding: Callable[[], AbstractAsyncContextManager[None]]) -> bool:
        """Send the leader a signal that it has a handler for; it is held meanwhile, lest it execs and dies of it.

        Returns whether it has one. Raises: AlreadyEnded, CannotSignal.
        """
        if not catches(self._leader.pid, number):
            return False
        async with holding():
            is_caught = catches(self._leader.pid, number)
            if is_caught:
                self.send(number, "leader")
        return bool(is_caught)

    def check_alive(self) -> None:
        """Raise AlreadyEnded if nothing of it lives."""
        if self._is_over():
            raise self._already_ended()

    def refused(self, *pids: int) -> CannotSignal:
        """Give the error that names whom the kernel did not let us signal."""
        names = ", ".join(map(str, pids))
        hint = "it changed its user; only that user or root may signal it"
        return CannotSignal(f"not permitted to signal {names} of {self._command}", hint=hint, pid=pids[0])

    def _check_signallable(self, scope: str) -> None:
        if scope == "tree":
            self.check_alive()
        elif self._leader.has_ended():
            raise self._already_ended()

    def _signal_leader(self, number: int) -> None:
        try:
            if not self._leader.signal(number):
                raise self._already_ended()
        except PermissionError:
            raise self.refused(self._leader.pid) from None

    def _signal_tree(self, number: int) -> None:
        self.check_alive()
        refused = signal_members(self._tree, number)
        if refused:
            raise self.refused(*refused)

    def _already_ended(self) -> AlreadyEnded:
        pid = self._leader.pid
        return AlreadyEnded(f"{self._command} (pid {pid}) has already ended", pid=pid)
