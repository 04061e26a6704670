"""A running process with its whole tree: its streams, its signals, its end.

The leader's exit, the end of each output and the emptiness of the tree are separate facts, told as they happen; none
can hold up another. This object watches and acts; what an end *means* is decided in `procession.policy.verdict`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import resource
import signal
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, Literal

import msgspec

from procession.errors import AlreadyEnded, CannotSignal, StreamUnavailable
from procession.kernel import pidfd, terminal
from procession.model.command import Command
from procession.model.event import (
    Closed,
    Event,
    Exited,
    OutputEnded,
    OutputLeaked,
    Resumed,
    Signalled,
    Started,
    Stopping,
    Suspended,
    TreeEmpty,
)
from procession.model.outcome import UNKNOWN_EXIT, ExitStatus, Outcome, Usage, decode_wait_status
from procession.model.signals import signal_name, signal_number
from procession.model.state import State
from procession.policy.stop import plan_stop
from procession.policy.verdict import Evidence, judge
from procession.process.announce import Announcer
from procession.process.deadline import Deadline
from procession.process.launch import Launched
from procession.process.ticker import ticker
from procession.process.tree import Member, read_member, signal_members
from procession.process.waiting import wait_for
from procession.process.wiring import Wiring
from procession.streams.output import Chunk, Line, OutputStream, merge_chunks, merge_lines
from procession.streams.writer import PipeWriter

KILL_LIMIT_S = 5.0
"""How long SIGKILL is repeated before what is left is reported as surviving (not permitted, or stuck in the kernel)."""


class Process:
    """One running command. Made by `spawn`; bound to the event loop it was made in."""

    def __init__(self, command: Command, launched: Launched, announcer: Announcer) -> None:
        """Look after what was just launched."""
        self.command = command
        self.pid = launched.pid
        self.started_at = time.time()
        self.ended_at: float | None = None
        self.exit: ExitStatus | None = None
        self.outcome: Outcome | None = None
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._announcer = announcer
        self._pidfd = launched.pidfd
        self._tree = launched.tree
        self._tree_is_empty = False
        self._usage: Usage | None = None
        self._sent: set[int] = set()
        self._stopped_by: str | None = None
        self._forced = False
        self._leaked = False
        self._ended_outputs: set[str] = set()
        self._suspended_by: str | None = None
        self._ending: asyncio.Task[None] | None = None
        self._exited: asyncio.Future[None] = self._loop.create_future()
        self._waiters: list[asyncio.Future[None]] = []
        self._kill_wanted = asyncio.Event()
        self._leak_timer: asyncio.TimerHandle | None = None
        self._wiring = Wiring(command, launched.streams, self._on_output_end, announcer.tell)
        self._deadline = self._start_deadline()
        self._tell(Started(pid=self.pid, at=self.started_at))
        ticker().add(self)
        self._watch_exit()

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def stdin(self) -> PipeWriter:
        """Its standard input, if that is a pipe or a pty. Raises: StreamUnavailable."""
        if self._wiring.stdin is None:
            raise _unavailable("stdin", "pass stdin=PIPE to write to it")
        return self._wiring.stdin

    @property
    def stdout(self) -> OutputStream:
        """Its standard output, if that is a pipe, a pty or a log. Raises: StreamUnavailable."""
        return self._output("stdout")

    @property
    def stderr(self) -> OutputStream:
        """Its standard error, if that is a pipe or a log of its own. Raises: StreamUnavailable."""
        return self._output("stderr")

    @property
    def state(self) -> State:
        """Where it is: running, suspended, stopping or ended."""
        if self.exit is not None:
            return State.ENDED
        if self._ending is not None:
            return State.STOPPING
        return State.SUSPENDED if self._suspended_by else State.RUNNING

    @property
    def is_tree_exact(self) -> bool:
        """Whether the tree is a control group; otherwise a descendant may hide (see `procession.process.tree`)."""
        return self._tree.exact

    def tree(self) -> list[Member]:
        """List what lives of it now, the leader first if it lives."""
        members = [] if self._tree_is_empty else [read_member(pid) for pid in self._tree.pids()]
        return sorted((each for each in members if each), key=lambda each: (each.pid != self.pid, each.start_ticks))

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Tell ``callback`` everything that has happened so far, then all that follows; call the result to end that."""
        return self._announcer.subscribe(callback)

    # --- its output ---------------------------------------------------------------------------------------------------

    def chunks(self) -> AsyncGenerator[Chunk, None]:
        """Give the bytes of both streams as they come, each with its stream and time."""
        return merge_chunks(self._wiring.distinct_outputs())

    def lines(self, encoding: str = "utf-8", errors: str = "replace") -> AsyncGenerator[Line, None]:
        r"""Give the lines of both streams in order of arrival, each with its stream and time.

        A line is what ends with ``\n``; a ``\r`` is kept. The order between the streams is that of arrival here; to
        keep the exact order of writes, merge stderr into stdout.
        """
        return merge_lines(self._wiring.distinct_outputs(), encoding, errors, self.command.line_limit_bytes)

    def resize(self, columns: int, rows: int) -> None:
        """Give its pty another size; it gets SIGWINCH. Raises: ValueError, StreamUnavailable."""
        terminal.check_size(columns, rows)
        self._wiring.resize(columns, rows)

    # --- its end ------------------------------------------------------------------------------------------------------

    async def wait(self) -> Outcome:
        """Wait for its exit and the end of its output (or the leak grace). Any number may wait, and cancel waiting.

        Output that nobody reads is collected meanwhile (head and tail, up to the output limit), so that waiting can
        never make the child wait; it can be read afterwards.
        """
        if self.outcome is None:
            self._wiring.collect_unread()
            waiter = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter
        assert self.outcome is not None
        return self.outcome

    async def terminate(self, grace_s: float | None = None, *, by: str = "user") -> Outcome:
        """Ask the whole tree to end, wait for the grace, then insist with SIGKILL; return when nothing of it is left.

        SIGTERM (or the command's own sequence) goes to every member, followed by SIGCONT. Asking again while it is
        ending joins the first request; `kill` insists at once. An infinite grace never insists. ``by`` goes into the
        outcome: user, timeout, cancel, shutdown.
        """
        if self._ending is None and not (self.exit is not None and self._check_tree_empty()):
            grace = self.command.grace_s if grace_s is None else grace_s
            self._ending = self._loop.create_task(self._end(grace, by))
        if self._ending is not None:
            await asyncio.shield(self._ending)
        return await self.wait()

    async def kill(self, *, by: str = "user") -> Outcome:
        """End the whole tree with SIGKILL now; return when nothing of it is left."""
        self._kill_wanted.set()
        return await self.terminate(0, by=by)

    def send_signal(self, number: str | int, *, scope: Literal["leader", "tree"] = "leader") -> None:
        """Send one signal. Raises: InvalidSignal, AlreadyEnded, CannotSignal."""
        number = signal_number(number)
        if scope == "leader":
            self._signal_leader(number)
        elif self._check_tree_empty():
            raise self._already_ended()
        else:
            self._signal_tree(number)
        self._sent.add(number)
        self._tell(Signalled(at=time.time(), signal=number, signal_name=signal_name(number), scope=scope))

    async def suspend(self) -> None:
        """Pause the whole tree; return when nothing of it runs. Its time-out pauses too. Raises: AlreadyEnded."""
        if self._check_tree_empty():
            raise self._already_ended()
        if self._suspended_by == "us":
            return
        self._note_suspended("us")
        await self._tree.freeze()

    async def resume(self) -> None:
        """Let it run on: what `suspend` paused, or, if somebody else stopped it, all of it. Raises: AlreadyEnded."""
        if self._check_tree_empty():
            raise self._already_ended()
        if self._suspended_by == "us":
            self._tree.thaw()
        elif self._suspended_by is not None:
            signal_members(self._tree, signal.SIGCONT)
        self._note_resumed("us")

    # --- facts, as they come ------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Look at what no descriptor announces: stops from outside, and the end of a tree without its leader."""
        if self._pidfd is not None:
            stopped = pidfd.stop_state_changed(self._pidfd)
            if stopped and self._suspended_by is None:
                self._note_suspended("outside")
            elif stopped is False and self._suspended_by == "outside":
                self._note_resumed("outside")
        else:
            self._check_tree_empty()

    def _watch_exit(self) -> None:
        if self._pidfd is None:  # gone before we could look, and reaped by somebody else
            self._note_exit(pidfd.Reaped(None, None))
        else:
            self._loop.add_reader(self._pidfd, self._on_exit)

    def _on_exit(self) -> None:
        assert self._pidfd is not None
        reaped = pidfd.reap(self.pid, self._pidfd)
        if reaped is None:
            return
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = None
        self._note_exit(reaped)

    def _note_exit(self, reaped: pidfd.Reaped) -> None:
        self.ended_at = time.time()
        status = UNKNOWN_EXIT if reaped.status is None else decode_wait_status(reaped.status)
        self.exit = status
        if reaped.usage is not None:
            self._usage = Usage(
                user_s=reaped.usage.ru_utime,
                system_s=reaped.usage.ru_stime,
                max_rss_bytes=_peak_memory(reaped.usage.ru_maxrss),
            )
        if self._deadline is not None:
            self._deadline.cancel()
        self._tell(
            Exited(
                at=self.ended_at,
                code=status.code,
                signal=status.signal,
                core_dumped=status.core_dumped,
                known=status.known,
            )
        )
        self._exited.set_result(None)
        self._wiring.note_exit()
        self._check_tree_empty()
        if self._wiring.open_readers():
            self._leak_timer = self._loop.call_later(self.command.leak_grace_s, self._give_up_output)
        self._close_if_over()

    def _on_output_end(self, stream: str) -> None:
        self._note_output_end(stream)
        self._close_if_over()

    def _note_output_end(self, stream: str) -> None:
        if self.outcome is None and stream not in self._ended_outputs:
            self._ended_outputs.add(stream)
            self._tell(OutputEnded(at=time.time(), stream=stream))

    def _give_up_output(self) -> None:
        self._leak_timer = None
        self._give_up_leaks()
        self._close_if_over(outputs_are_over=True)

    def _give_up_leaks(self) -> None:
        for reader in self._wiring.open_readers():
            if not reader.writers_are_gone():
                self._leaked = True
                self._ended_outputs.add(reader.name)
                self._tell(OutputLeaked(at=time.time(), stream=reader.name))
                reader.stop_waiting()

    def _close_if_over(self, *, outputs_are_over: bool = False) -> None:
        if self.exit is None or self.outcome is not None or (self._ending is not None and not self._ending.done()):
            return
        if not outputs_are_over and self._wiring.open_readers():
            return
        if self._leak_timer is not None:
            self._leak_timer.cancel()
        self._close(())

    def _close(self, survivors: tuple[int, ...]) -> None:
        assert self.exit is not None
        for stream in self._wiring.pipe_names():
            self._note_output_end(stream)
        evidence = Evidence(
            exit=self.exit,
            stopped_by=self._stopped_by,
            forced=self._forced,
            sent_signals=frozenset(self._sent),
            out_of_memory_kills=0 if self._tree_is_empty else self._tree.out_of_memory_kills(),
            leaked=self._leaked,
            survivors=survivors,
            duration_s=self._duration_s(),
            usage=self._usage,
        )
        self.outcome = judge(evidence)
        self._wiring.note_closed()
        self._tell(Closed(at=time.time(), outcome=self.outcome))
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _check_tree_empty(self) -> bool:
        if not self._tree_is_empty and self.exit is not None and self._tree.is_empty():
            self._tree_is_empty = True
            self._tree.close()
            ticker().discard(self)
            self._tell(TreeEmpty(at=time.time()))
        return self._tree_is_empty

    def _note_suspended(self, by: str) -> None:
        self._suspended_by = by
        if self._deadline is not None:
            self._deadline.pause()
        self._tell(Suspended(at=time.time(), by=by))

    def _note_resumed(self, by: str) -> None:
        if self._suspended_by is None:
            return
        self._suspended_by = None
        if self._deadline is not None and self.exit is None:
            self._deadline.resume()
        self._tell(Resumed(at=time.time(), by=by))

    # --- acts ---------------------------------------------------------------------------------------------------------

    async def _end(self, grace_s: float, by: str) -> None:
        if self.exit is None and not (self._pidfd is not None and pidfd.has_ended(self._pidfd)):
            self._stopped_by = by
            self._tell(Stopping(at=time.time(), by=by))
        survivors: tuple[int, ...] = ()
        for step in plan_stop(self.command.stop_signals, grace_s):
            if step.signal == signal.SIGKILL:
                survivors = await self._kill_tree()
            elif await self._ask_tree(step.signal, step.wait_s):
                break
        await self._finish_ending(survivors)

    async def _ask_tree(self, number: int, wait_s: float) -> bool:
        """Signal the tree politely; whether it has ended in time (or somebody insists, which is no)."""
        with contextlib.suppress(CannotSignal):
            self._signal_tree(number)
        self._tell(Signalled(at=time.time(), signal=number, signal_name=signal_name(number), scope="tree"))
        self._continue_tree()
        return await self._wait_gone(wait_s) and not self._kill_wanted.is_set()

    def _continue_tree(self) -> None:
        """Let stopped members run, so that they can handle what they were sent."""
        self._tree.thaw()
        signal_members(self._tree, signal.SIGCONT)
        self._note_resumed("us")

    async def _wait_gone(self, wait_s: float) -> bool:
        deadline = self._loop.time() + wait_s
        insisted = asyncio.ensure_future(self._kill_wanted.wait())
        waits: list[asyncio.Future[Any]] = [insisted, self._exited]
        try:
            timeout = None if math.isinf(wait_s) else wait_s
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            insisted.cancel()
        return (
            await wait_for(self._is_gone_or_unwanted, max(deadline - self._loop.time(), 0))
            and not self._kill_wanted.is_set()
        )

    def _is_gone_or_unwanted(self) -> bool:
        return self._kill_wanted.is_set() or (self.exit is not None and self._check_tree_empty())

    async def _kill_tree(self) -> tuple[int, ...]:
        """Kill until nothing is left; returns who could not be killed within the limit."""
        self._forced = self._forced or self.exit is None
        number = int(signal.SIGKILL)
        self._tell(Signalled(at=time.time(), signal=number, signal_name=signal_name(number), scope="tree"))
        if await wait_for(self._kill_once, KILL_LIMIT_S):
            return ()
        return tuple(self._tree.pids())

    def _kill_once(self) -> bool:
        if self.exit is not None and self._check_tree_empty():
            return True
        if self._pidfd is not None:
            with contextlib.suppress(PermissionError):
                pidfd.send_signal(self._pidfd, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._tree.kill()
        return False

    async def _finish_ending(self, survivors: tuple[int, ...]) -> None:
        if self.exit is None:
            return  # it could not be ended (not permitted), or was asked politely without end
        self._tree.thaw() if not self._tree_is_empty else None
        self._give_up_leaks()
        if self.outcome is None:
            await self._wiring.settle(self.command.leak_grace_s)
            if self._leak_timer is not None:
                self._leak_timer.cancel()
            self._close(survivors)
        elif survivors:
            self.outcome = msgspec.structs.replace(self.outcome, survivors=survivors)

    def _signal_leader(self, number: int) -> None:
        if self._pidfd is None or pidfd.has_ended(self._pidfd):
            raise self._already_ended()
        try:
            pidfd.send_signal(self._pidfd, number)
        except PermissionError:
            raise self._cannot_signal((self.pid,)) from None

    def _signal_tree(self, number: int) -> None:
        refused = signal_members(self._tree, number)
        if refused:
            raise self._cannot_signal(tuple(refused))

    def _start_deadline(self) -> Deadline | None:
        if self.command.timeout_s is None:
            return None
        return Deadline(self.command.timeout_s, self._on_time_up)

    def _on_time_up(self) -> None:
        if self._ending is None and self.exit is None:
            self._ending = self._loop.create_task(self._end(self.command.grace_s, "timeout"))

    async def leave(self, *, by: str) -> None:
        """End what is left, as leaving the block does. Nothing remains but what ``descendants="keep"`` asks to keep."""
        keep = self.command.descendants == "keep" and self.exit is not None
        if not keep and not (self.exit is not None and self._check_tree_empty()):
            await self._leave_surely(by)
        self._wiring.close()
        if not self._tree_is_empty:
            ticker().discard(self)

    async def _leave_surely(self, by: str) -> None:
        """End it even if cancelled meanwhile: a cancellation then insists, and is raised when nothing is left."""
        ending = self._loop.create_task(self._terminate_to_leave(by))
        cancelled: asyncio.CancelledError | None = None
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError as error:
                cancelled = error
                self._kill_wanted.set()
        if cancelled is not None:
            raise cancelled
        ending.result()

    async def _terminate_to_leave(self, by: str) -> None:
        await self.terminate(by=by)

    # --- small things -------------------------------------------------------------------------------------------------

    def _output(self, stream: str) -> OutputStream:
        output = self._wiring.outputs.get(stream)
        if output is None:
            raise _unavailable(stream, f"pass {stream}=PIPE, a Log or a Pty to read it here")
        return output

    def _duration_s(self) -> float:
        return self._loop.time() - self._began

    def _tell(self, event: Event) -> None:
        self._announcer.tell(event)

    def _already_ended(self) -> AlreadyEnded:
        return AlreadyEnded(f"{self.command} (pid {self.pid}) has already ended", pid=self.pid)

    def _cannot_signal(self, pids: tuple[int, ...]) -> CannotSignal:
        names = ", ".join(map(str, pids))
        hint = "it changed its user; only that user or root may signal it"
        return CannotSignal(f"not permitted to signal {names} of {self.command}", hint=hint, pid=pids[0])

    def __repr__(self) -> str:
        return f"<Process {self.pid} {self.state.value}: {self.command}>"


def _peak_memory(kilobytes: int) -> int | None:
    # until exec, a vforked child counts with our memory: docs/design/gotchas.md, "A small child's peak memory is ours"
    return kilobytes * 1024 if kilobytes > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss else None


def _unavailable(stream: str, hint: str) -> StreamUnavailable:
    return StreamUnavailable(f"{stream} is not connected to this program", hint=hint, stream=stream)
