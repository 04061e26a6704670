"""A run of `up` from its first task to its summary: supervisor, logs, view and signals put together.

Not here: what becomes of the tasks (``procession.supervisor``), and how anything looks (``views``).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from procession.cli.complaints import complain, remark
from procession.cli.exit_codes import CLOSED_PIPE, OK, SIGNAL_BASE, TASK_FAILED, TROUBLE
from procession.cli.interrupts import Interrupts, catch_interrupts
from procession.cli.job_control import obey_job_control
from procession.cli.keep_logs import LoggedTask, keep_terminals, with_logs
from procession.cli.keeping import kept_spawn
from procession.cli.outlet import Outlet
from procession.cli.run_directory import open_run_directory, write_privately
from procession.cli.summary import Summary
from procession.cli.tail import Tail
from procession.cli.views import View, choose_view
from procession.errors import AlreadyEnded, CannotSignal, UsageError
from procession.model.event import Event, SoftLimitPassed
from procession.model.signals import signal_name
from procession.model.state import State
from procession.supervisor.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from procession.model.taskfile import TaskFile


class Options(Struct, frozen=True, kw_only=True):
    """What the user chose. ``colour`` None means: as it fits."""

    file: str
    logs: str | None = None
    log_limit_bytes: int | None = None
    as_json: bool = False
    colour: bool | None = None
    quiet: bool = False


async def conduct(task_file: TaskFile, options: Options) -> int:
    """Run all tasks, show them, and give the exit status."""
    with open_run_directory(options.file, options.logs) as directory:
        tasks = [with_logs(task, directory, options.log_limit_bytes) for task in task_file.tasks]
        async with (
            kept_spawn() as spawn,
            Supervisor(pool=task_file.pool, launcher=spawn) as supervisor,
        ):
            return await _Run(supervisor, tasks, options, directory).to_end()


class _Run:
    """One run under way."""

    def __init__(self, supervisor: Supervisor, tasks: list[LoggedTask], options: Options, directory: str) -> None:
        self._supervisor = supervisor
        self._options = options
        self._directory = directory
        self._began = time.monotonic()
        self._outlet = Outlet(1, self._on_outlet_closed)
        self._view: View = choose_view(
            self._outlet,
            supervisor.list,
            [logged.name for logged in tasks],
            as_json=options.as_json,
            colour=options.colour,
            quiet=options.quiet,
        )
        show_output = self._view.show_output if self._view.wants_output else None
        self._tails = {logged.name: Tail(logged, self._view.show_event, show_output) for logged in tasks}
        self._ptys = keep_terminals({logged.name: logged.pty_log for logged in tasks})
        self._tasks = [logged.task for logged in tasks]
        self._outlet_error: OSError | None = None
        self._given_up = asyncio.Event()
        self._acts: set[asyncio.Future[Any]] = set()

    async def to_end(self) -> int:
        self._supervisor.subscribe(self._take)
        self._supervisor.subscribe_output(self._ptys.keep)
        try:
            with catch_interrupts(self._on_request) as interrupts, obey_job_control(self._suspend, self._resume):
                self._supervisor.submit_all(self._tasks)
                await self._supervisor.wait_all()
                await self._unless_given_up(self._wait_shown())
                summary = self._summarise(interrupts)
                self._view.close()
                self._view.show_summary(summary)
                await self._unless_given_up(self._outlet.wait_written())
        finally:
            self._view.close()
            self._outlet.close()
            self._ptys.close()
            await asyncio.gather(*(tail.close() for tail in self._tails.values()))
            await asyncio.gather(*self._acts, return_exceptions=True)
        return self._exit_code(summary, interrupts)

    # --- what happens ------------------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        if event.task is not None:
            self._tails[event.task].take(event)
            return
        self._view.show_event(event)
        if isinstance(event, SoftLimitPassed):
            self._view.notice(f"{event.running} tasks run at once; the soft limit is {event.limit}")

    def _on_request(self, number: int, count: int) -> None:
        """Stop all at the first request, kill all at the second, and wait for no reader at the third."""
        name = signal_name(number)
        if count == 1:
            self._view.notice(f"{name}: all tasks are asked to end; once more kills them")
            self._act(self._supervisor.stop_all(by="user"))
        else:
            self._view.notice(f"{name} again: all tasks are killed")
            self._act(self._supervisor.kill_all(by="user"))
            self._given_up.set() if count > 2 else None

    def _on_outlet_closed(self, error: OSError) -> None:
        """Without a reader there is no reason to go on; a full disk behind our own output is only said."""
        self._outlet_error = error
        if isinstance(error, BrokenPipeError):
            self._act(self._supervisor.stop_all(by="user"))
        else:
            complain(f"cannot write to standard output: {error.strerror}", "the tasks go on; their logs are complete")

    async def _suspend(self) -> None:
        self._view.pause()
        self._suspended = [task.id for task in self._supervisor.list() if task.state is State.RUNNING]
        await asyncio.gather(*(self._quietly(self._supervisor.suspend(each)) for each in self._suspended))

    async def _resume(self) -> None:
        await asyncio.gather(*(self._quietly(self._supervisor.resume(each)) for each in self._suspended))

    async def _quietly(self, act: Awaitable[object]) -> None:
        """A task may end, or be on its way to, at this very moment."""
        with contextlib.suppress(AlreadyEnded, CannotSignal, UsageError):
            await act

    def _act(self, act: Awaitable[object]) -> None:
        future = asyncio.ensure_future(act)
        self._acts.add(future)

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _wait_shown(self) -> None:
        for tail in self._tails.values():
            await tail.wait_drained()

    async def _unless_given_up(self, wait: Awaitable[None]) -> None:
        """Wait for the reader of our output, unless the user has lost patience with it."""
        waits = [asyncio.ensure_future(wait), asyncio.ensure_future(self._given_up.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    def _summarise(self, interrupts: Interrupts) -> Summary:
        from procession.cli.jsonl import json_line

        summary = Summary(
            at=time.time(),
            file=self._options.file,
            logs=self._directory,
            duration_s=time.monotonic() - self._began,
            tasks=tuple(self._supervisor.list()),
            interrupted_by=signal_name(interrupts.first) if interrupts.first else None,
        )
        try:
            write_privately(f"{self._directory}/summary.json", json_line(summary.as_dict()))
        except OSError as error:
            remark(f"the summary cannot be kept in {self._directory}: {error.strerror}")
        return summary

    def _exit_code(self, summary: Summary, interrupts: Interrupts) -> int:
        if interrupts.first is not None:
            return SIGNAL_BASE + interrupts.first
        if isinstance(self._outlet_error, BrokenPipeError):
            return CLOSED_PIPE
        if self._outlet_error is not None:
            return TROUBLE
        return OK if summary.ok else TASK_FAILED
