"""Running one command as if the user had started it: its signals, its Ctrl-Z, its exit status.

Its session is its own, so nothing that the terminal sends reaches it but through us.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from procession.cli.complaints import remark
from procession.cli.event_file import EventFile
from procession.cli.exit_codes import exit_code_of_outcome
from procession.cli.interrupts import catch_interrupts, is_ignored
from procession.cli.job_control import obey_job_control
from procession.cli.keeping import kept_spawn
from procession.cli.terminal_modes import TerminalModes
from procession.errors import AlreadyEnded, CannotSignal
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.signals import signal_name
from procession.model.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from procession.model.command import Command
    from procession.process.process import Process

PASSED_ON = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
"""What would end us, or was meant for a program with a window, and asks for no end."""


async def pass_through(command: Command, events_path: str | None) -> int:
    """Run ``command`` to its end and give the exit status that passes on how it ended. Raises: StartError."""
    wishes = Wishes(command.grace_s)
    modes = TerminalModes()
    async with contextlib.AsyncExitStack() as stack:
        on_event = stack.enter_context(EventFile(events_path)).write if events_path else None
        stack.enter_context(catch_interrupts(wishes.note))
        stack.enter_context(_pass_on(wishes))
        stack.enter_context(obey_job_control(wishes.suspend, wishes.resume))
        spawn = await stack.enter_async_context(kept_spawn())
        async with spawn(command, on_event=on_event) as process:
            wishes.meet(process)
            outcome = await process.wait()
            wishes.stop_timer()
    if outcome.signal is not None:
        modes.restore()
    _explain(command, outcome)
    return exit_code_of_outcome(outcome)


class Wishes:
    """What we are asked to do with the process, carried out once it is there."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._process: Process | None = None
        self._early: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._killing: asyncio.Task[Outcome] | None = None

    def meet(self, process: Process) -> None:
        """Take what was started under our care."""
        self._process = process
        for number in self._early:
            self.pass_on(number, to_tree=True)

    def note(self, number: int, count: int) -> None:
        """Pass on the first request to end, with a grace; insist on the second."""
        if count == 1:
            self.pass_on(number, to_tree=True)
            self._timer = asyncio.get_running_loop().call_later(self._grace_s, self._insist)
            _tell_terminal(f"{signal_name(number)} passed on; once more kills it")
        elif number != signal.SIGHUP:  # a hang-up is told twice: by the kernel, and by the shell
            self._insist()

    def pass_on(self, number: int, *, to_tree: bool = False) -> None:
        """Send a signal as it came; remember it while there is nobody to send it to."""
        if self._process is None:
            self._early.append(number)
            return
        with contextlib.suppress(AlreadyEnded, CannotSignal):
            self._process.send_signal(number, scope="tree" if to_tree else "leader")

    async def suspend(self) -> None:
        """Pause the tree, and the grace with it."""
        if self._process is not None:
            with contextlib.suppress(AlreadyEnded, CannotSignal):
                await self._process.suspend()

    async def resume(self) -> None:
        """Let the tree run on."""
        if self._process is not None:
            with contextlib.suppress(AlreadyEnded, CannotSignal):
                await self._process.resume()

    def stop_timer(self) -> None:
        """It has ended; what is left of its tree gets its own grace."""
        if self._timer is not None:
            self._timer.cancel()

    def _insist(self) -> None:
        if self._process is not None and self._killing is None:
            self._killing = asyncio.create_task(self._process.kill())


@contextlib.contextmanager
def _pass_on(wishes: Wishes) -> Iterator[None]:
    """Pass signals of no consequence on: to the leader, or for a new window size to all."""
    loop = asyncio.get_running_loop()
    caught = [number for number in PASSED_ON if not is_ignored(number)]
    for number in caught:
        loop.add_signal_handler(number, _passer(wishes, number))
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def _passer(wishes: Wishes, number: int) -> Callable[[], None]:
    return lambda: wishes.pass_on(number, to_tree=number == signal.SIGWINCH)


def _explain(command: Command, outcome: Outcome) -> None:
    """Say what the exit status alone does not."""
    if outcome.kind is OutcomeKind.TIMED_OUT:
        silent = outcome.stopped_by == "watchdog"
        why = "it gave no sign of life in time" if silent else f"its {format_duration(command.timeout_s or 0)} were up"
        remark(f"{command} was ended: {why}")
    elif outcome.kind is OutcomeKind.UNKNOWN:
        remark(f"nobody knows how {command} ended: {outcome.message}")
    if outcome.survivors:
        remark(f"could not be ended: {', '.join(map(str, outcome.survivors))}")


def _tell_terminal(sentence: str) -> None:
    """Say it to a person only: in a file or pipe, stderr belongs to the command."""
    if sys.stderr is not None and os.isatty(2):
        remark(sentence)
