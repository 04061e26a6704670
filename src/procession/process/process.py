"""A running process with its whole tree: its streams, its signals, its end.

The leader's exit, the end of each output and the emptiness of the tree are separate facts, told as they happen; none
can hold up another. This object watches and acts; what an end *means* is decided in `procession.policy.verdict`.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import partial
from typing import Literal

import msgspec

from procession.ipc.channel import Channel
from procession.kernel.waiters import wake
from procession.model.checks import check_duration
from procession.model.command import Command, StopStep
from procession.model.event import Closed, Event, Exited, Orphaned, Started, Stopping, TreeEmpty
from procession.model.outcome import UNKNOWN_EXIT, ExitStatus, Outcome, decode_wait_status
from procession.model.record import ExitFact, TreeMark
from procession.model.state import State
from procession.policy.stop import plan_abort, plan_stop
from procession.policy.verdict import Evidence, judge
from procession.process.announce import Announcer
from procession.process.deadline import make_deadline
from procession.process.ending import Ending
from procession.process.launch import Launched
from procession.process.notices import Notices
from procession.process.output_ends import OutputEnds
from procession.process.signalling import Signalling
from procession.process.suspension import Suspension
from procession.process.ticker import ticker
from procession.process.tree import Member, read_member
from procession.process.wiring import Wiring
from procession.streams.output import Chunk, Line, OutputStream, merge_chunks, merge_lines
from procession.streams.writer import PipeWriter


class Process:
    """One running command. Made by `spawn`; bound to the event loop it was made in.

    pid: of the leader. started_at, ended_at: seconds since the epoch. exit: how the leader ended, once it has.
    exit_fact: what its parent says of that. outcome: the verdict, once all is over. is_released: see `release`.
    notices: what it says about itself, if it was started with ``notify``.
    """

    def __init__(self, command: Command, launched: Launched, announcer: Announcer) -> None:
        """Look after what was just launched."""
        self.command = command
        self.pid = launched.leader.pid
        self.started_at = launched.started_at
        self.ended_at: float | None = None
        self.exit: ExitStatus | None = None
        self.outcome: Outcome | None = None
        self._launched = launched
        self._announcer, self._tell = announcer, announcer.tell
        self._tree, self._tree_is_empty = launched.tree, False
        self.exit_fact: ExitFact | None = None
        self._stopped_by: str | None = None
        self._forced = False
        self._out_of_memory_kills: int | None = 0
        self._ending: Ending | None = None
        self._ending_task: asyncio.Task[None] | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._leak_timer: asyncio.TimerHandle | None = None
        self._wiring = Wiring(command, launched.streams, self._on_output_end, self._tell, self.pid)
        self._output_ends = OutputEnds(self._wiring, self._tell)
        self._deadline = make_deadline(command.timeout_s, launched.ran_s, partial(self._end_for, "timeout"))
        self._leader = launched.leader
        self._signalling = Signalling(command, self._leader, self._tree, is_over=self._is_over_now, tell=self._tell)
        self.notices = Notices(command, self._wiring.notice_source, self._tree, self._tell)
        watchdog = self.notices.act(self._deadline, partial(self._end_for, "watchdog", plan_abort(command.grace_s)))
        self._suspension = Suspension(self._leader, launched.tree, (self._deadline, watchdog), self._tell)
        self._suspension.take_over(is_on=launched.is_suspended)
        self.is_released = False
        self._tell(Started(pid=self.pid, at=self.started_at))
        self._ticker = ticker()
        if self._leader.is_looked_at:
            self._ticker.add(self)
        self._leader.watch(self._on_exit, self.look)

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def has_stdin(self) -> bool:
        """Whether its standard input is connected to this program."""
        return self._wiring.stdin is not None

    def leader_inode(self) -> int:
        """Give the inode of the leader's descriptor, an identity for ever with the boot; 0 once it is gone."""
        return self._leader.inode()

    @property
    def stdin(self) -> PipeWriter:
        """Its standard input, if that is a pipe or a pty. Raises: StreamUnavailable."""
        return self._wiring.input()

    @property
    def stdout(self) -> OutputStream:
        """Its standard output, if that is a pipe, a pty or a log. Raises: StreamUnavailable."""
        return self._wiring.output("stdout")

    @property
    def stderr(self) -> OutputStream:
        """Its standard error, if that is a pipe or a log of its own. Raises: StreamUnavailable."""
        return self._wiring.output("stderr")

    @property
    def channel(self) -> Channel:
        """Its message channel, if it was started with one. Raises: StreamUnavailable."""
        return self._wiring.conversation()

    @property
    def outputs(self) -> dict[str, OutputStream]:
        """Its outputs that are connected to this program, by stream name; a pty stands under each it serves."""
        return dict(self._wiring.outputs)

    @property
    def state(self) -> State:
        """Where it is: running, suspended, stopping or ended."""
        if self.exit is not None:
            return State.ENDED
        if self._is_ending():
            return State.STOPPING
        return State.SUSPENDED if self._suspension.is_on else State.RUNNING

    @property
    def is_tree_exact(self) -> bool:
        """Whether nobody can leave the tree unseen (a control group)."""
        return self._tree.exact

    @property
    def tree_mark(self) -> TreeMark:
        """How the members of the tree are known: by their control group, or by a cookie."""
        return self._tree.mark

    def tree(self) -> list[Member]:
        """List what lives of it now, the leader first if it lives."""
        members = [] if self._tree_is_empty else [read_member(pid) for pid in self._tree.pids()]
        return sorted((each for each in members if each), key=lambda each: (each.pid != self.pid, each.start_ticks))

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Tell ``callback`` everything that has happened so far, then all that follows; call the result to end that."""
        return self._announcer.subscribe(callback)

    def __repr__(self) -> str:
        return f"<Process {self.pid} {self.state.value}: {self.command}>"

    def chunks(self) -> AsyncGenerator[Chunk, None]:
        """Give the bytes of both streams as they come, each with its stream and time."""
        return merge_chunks(self._wiring.distinct_outputs())

    def lines(self, encoding: str = "utf-8", errors: str = "replace") -> AsyncGenerator[Line, None]:
        r"""Give the lines (``\n``) of both streams in order of arrival; merge stderr into stdout for the exact one."""
        return merge_lines(self._wiring.distinct_outputs(), encoding, errors, self.command.line_limit_bytes)

    def resize(self, columns: int, rows: int) -> None:
        """Give its pty another size; it gets SIGWINCH. Raises: ValueError, StreamUnavailable."""
        self._wiring.resize(columns, rows)

    # --- its end ------------------------------------------------------------------------------------------------------

    async def wait(self) -> Outcome:
        """Wait for its exit and the end of its output (or the leak grace). Any number may wait, and cancel waiting.

        Output that nobody reads is collected meanwhile (head and tail, up to the output limit), so that waiting can
        never make the child wait; it can be read afterwards.
        """
        while self.outcome is None:
            self._wiring.collect_unread()
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self.outcome

    async def terminate(self, grace_s: float | None = None, *, by: str = "user") -> Outcome:
        """Ask the whole tree to end, wait for the grace, then insist with SIGKILL; return when nothing of it is left.

        SIGTERM (or the command's own sequence) goes to every member, followed by SIGCONT. Asking again while it is
        ending joins the first request; `kill` insists at once. An infinite grace never insists. ``by`` goes into the
        outcome: user, timeout, cancel, shutdown. Raises: CannotSignal: we are not permitted to end it; it lives on.
        """
        if grace_s is not None:
            check_duration("grace_s", grace_s)
        self._forget_cancelled_ending()
        if not self._is_ending() and not self._is_gone():
            self._begin_ending(self.command.grace_s if grace_s is None else grace_s, by)
        if self._ending_task is not None:
            await asyncio.shield(self._ending_task)
        if self.exit is None and self._ending is not None and self._ending.survivors:
            raise self._signalling.refused(*self._ending.survivors)
        return await self.wait()

    async def kill(self, *, by: str = "user") -> Outcome:
        """End the whole tree with SIGKILL now; return when nothing of it is left."""
        if self._ending is not None:
            self._ending.insist()
        return await self.terminate(0, by=by)

    def send_signal(self, number: str | int, *, scope: Literal["leader", "tree"] = "leader") -> None:
        """Send one signal; 0 only asks whether it lives. Raises: InvalidSignal, AlreadyEnded, CannotSignal."""
        self._signalling.send(number, scope)

    async def send_signal_if_caught(self, number: int) -> bool:
        """Send its leader a signal that it has a handler for, and does not lose meanwhile; False: it has none."""
        return await self._signalling.send_if_caught(number, self._suspension.holding)

    async def suspend(self) -> None:
        """Pause the whole tree; return when nothing of it runs. Its time-out pauses too. Raises: AlreadyEnded."""
        self._signalling.check_alive()
        await self._suspension.begin()

    async def resume(self) -> None:
        """Let it run on: what `suspend` paused, or, if somebody else stopped it, all of it. Raises: AlreadyEnded."""
        self._signalling.check_alive()
        self._suspension.end()

    async def leave(self, *, by: str) -> None:
        """End what is left, as leaving the block does; only ``descendants="keep"`` lets some of it live on.

        A cancellation meanwhile insists, and is raised once nothing is left.
        """
        if self.is_released:
            await self._wiring.close()
            return
        keep = self.command.descendants == "keep" and self.exit is not None
        cancelled: asyncio.CancelledError | None = None
        while not keep and not self._is_over():
            try:
                await self.terminate(0 if cancelled else None, by=by)
            except asyncio.CancelledError as error:
                cancelled = error
                if self._ending is not None:
                    self._ending.insist()
        if self.exit is not None:
            self._ticker.discard(self)
        await self._suspension.give_up()
        self.notices.close()
        await self._wiring.close()
        if cancelled is not None:
            raise cancelled

    def release(self) -> None:
        """Let it live on without us: leaving the block will end nothing. For who is to be followed by another."""
        self.is_released = True
        if self._ending_task is not None:
            self._ending_task.cancel()
        self._ticker.discard(self)
        self._leader.release()
        self._tree.release()
        self.notices.release()
        self._wiring.release()
        if self._deadline is not None:
            self._deadline.cancel()

    def note_orphaned(self) -> None:
        """Know that its keeper is gone: it can be followed and ended, but who reaps it is none of ours."""
        self._tell(Orphaned(at=time.time()))

    # --- facts, as they come ------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Look at what no descriptor announces: stops from outside, and the end of a tree without its leader."""
        self._suspension.look()
        self._is_gone()

    def _on_exit(self, fact: ExitFact) -> None:
        fact = msgspec.structs.replace(fact, at=max(fact.at, self.started_at))  # a keeper saw both before we did
        self.ended_at = fact.at
        self.exit = status = UNKNOWN_EXIT if fact.status is None else decode_wait_status(fact.status)
        self.exit_fact = fact
        if self._deadline is not None:
            self._deadline.cancel()
        code, number, is_core, known = status.code, status.signal, status.core_dumped, status.known
        self._tell(Exited(at=fact.at, code=code, signal=number, core_dumped=is_core, known=known))
        if status.signal == signal.SIGKILL:
            self._out_of_memory_kills = self._tree.out_of_memory_kills()
        self.notices.finish()
        self._wiring.note_exit()
        if not self._is_gone():
            self._ticker.add(self)
        self._close_if_over()
        if self.outcome is None and self._wiring.open_readers():
            loop = asyncio.get_running_loop()
            self._leak_timer = loop.call_later(self.command.leak_grace_s, self._on_leak_grace_over)

    def _on_output_end(self, stream: str) -> None:
        if self.outcome is None:
            self._output_ends.note(stream)
        self._close_if_over()

    def _on_leak_grace_over(self) -> None:
        self._leak_timer = None
        self._output_ends.give_up()
        if not self._is_ending():
            self._close()

    def _end_for(self, by: str, steps: tuple[StopStep, ...] = ()) -> None:
        if not self._is_ending() and not self._leader.has_ended():
            self._begin_ending(self.command.grace_s, by, steps)

    def _close_if_over(self) -> None:
        if self.exit is not None and not self._is_ending() and not self._wiring.open_readers():
            self._close()

    def _close(self) -> None:
        if self.outcome is not None or self.exit is None:
            return
        if self._leak_timer is not None:
            self._leak_timer.cancel()
        self._output_ends.note_all()
        self.outcome = judge(self._evidence(self.exit))
        self._wiring.note_closed()
        self._tell(Closed(at=time.time(), outcome=self.outcome))
        for waiter in self._waiters:
            wake(waiter)
        self._waiters.clear()

    def _evidence(self, status: ExitStatus) -> Evidence:
        return Evidence(
            exit=status,
            stopped_by=self._stopped_by,
            forced=self._forced,
            sent_signals=frozenset(self._signalling.sent),
            out_of_memory_kills=self._out_of_memory_kills,
            leaked=self._output_ends.leaked,
            survivors=self._ending.survivors if self._ending else (),
            duration_s=self._launched.duration_s(self.ended_at),
            usage=self.exit_fact.usage if self.exit_fact else None,
            lost=self.exit_fact.lost if self.exit_fact else None,
        )

    def _is_gone(self) -> bool:
        """Whether nothing of it is left; tells so when that is first seen."""
        if not self._tree_is_empty and self.exit is not None and self._tree.is_empty():
            self._tree_is_empty = True
            self._tree.close()
            self._ticker.discard(self)
            self._tell(TreeEmpty(at=time.time()))
        return self._tree_is_empty

    def _is_over_now(self) -> bool:
        """Whether nothing of it lives at this instant, noticed or not."""
        return self._is_gone() or (self.exit is not None and self._tree.is_empty())

    def _is_over(self) -> bool:
        """Whether all that can be ended has ended."""
        gave_up = self._ending is not None and not self._is_ending() and bool(self._ending.survivors)
        return gave_up or (self.outcome is not None and self._is_gone())

    # --- acts ---------------------------------------------------------------------------------------------------------

    def _forget_cancelled_ending(self) -> None:
        """Who cancels every task of a loop cancels ours too; what it had to do is begun anew, or is done."""
        if self._ending_task is not None and self._ending_task.cancelled():
            self._ending_task = None
            self._close_if_over()

    def _begin_ending(self, grace_s: float, by: str, steps: tuple[StopStep, ...] = ()) -> None:
        if not self._leader.has_ended():
            self._stopped_by = by
            self._tell(Stopping(at=time.time(), by=by))
        self._ending = Ending(
            self._leader,
            self._tree,
            is_gone=self._is_gone,
            on_continued=self._suspension.note_resumed,
            tell=self._tell,
        )
        self.notices.extend_ending = self._ending.extend
        plan = plan_stop(steps or self.command.stop_signals, grace_s)
        self._ending_task = asyncio.create_task(self._carry_out(self._ending.carry_out(plan)))

    async def _carry_out(self, ending: Coroutine[None, None, None]) -> None:
        assert self._ending is not None
        await ending
        self._forced = self._forced or self._ending.forced
        if self.exit is None:
            return  # asked politely without end, or not permitted
        if not self._tree_is_empty:
            self._tree.thaw()
        self._output_ends.give_up()
        await self._wiring.settle(self.command.leak_grace_s)
        self._ending_task = None
        self._close()
        if self.outcome is not None and self._ending.survivors != self.outcome.survivors:
            self.outcome = msgspec.structs.replace(self.outcome, survivors=self._ending.survivors)

    def _is_ending(self) -> bool:
        return self._ending_task is not None and not self._ending_task.done()
