"""A run of `map` from its first item to its exit status: items, pool, records, output and signals put together.

Not here: where items come from (`map_items`), what is run for one (`map_job`), how output is shown (`map_output`).
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from procession.cli import map_output
from procession.cli.complaints import complain
from procession.cli.exit_codes import CLOSED_PIPE, SIGNAL_BASE
from procession.cli.interrupts import catch_interrupts
from procession.cli.job_control import obey_job_control
from procession.cli.keeping import kept_spawn
from procession.cli.map_bar import Bar, Tally
from procession.cli.map_files import SlotFiles
from procession.cli.map_job import MapJob
from procession.cli.outlet import Outlet
from procession.cli.text import show_safely
from procession.errors import AlreadyEnded, CannotSignal, InvalidCommand, UnknownTask, UsageError
from procession.model.item_template import ItemTemplate
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.signals import signal_name
from procession.pool.admission import choose_admission
from procession.pool.crews import make_crew
from procession.pool.job import End
from procession.streams.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from procession.cli.map_items import Items
    from procession.cli.map_joblog import JobLog
    from procession.cli.map_results import Place, Results
    from procession.model.command import Command
    from procession.model.item import Item
    from procession.model.task import Task
    from procession.policy.halt import Halt
    from procession.pool.crew import Crew

MOST_COUNTED: Final = 100
MORE_FAILED: Final = 101
OWN_ERROR: Final = 255


class Plan(Struct, frozen=True, kw_only=True):
    """What shall be done. task: all but the words of its command is the same for each item."""

    task: Task
    template: ItemTemplate
    limit: int | None = None
    in_order: bool = False
    form: Any = map_output.as_it_is
    halt: Halt | None = None
    bar: bool | None = None
    resume: bool = False
    joblog: JobLog | None = None
    results: Results | None = None


async def conduct(items: Items, plan: Plan) -> int:
    """Run all items and give the exit status."""
    async with AsyncExitStack() as stack:
        spawn = await stack.enter_async_context(kept_spawn())
        crew = await stack.enter_async_context(make_crew(choose_admission(None, plan.limit), spawn))
        return await _Run(items, plan, crew).to_end()


class _Run:
    """One run under way."""

    def __init__(self, items: Items, plan: Plan, crew: Crew) -> None:
        self._items = items
        self._plan = plan
        self._crew = crew
        self._tally = Tally(total=items.total)
        self._spill = Spill()
        self._files = SlotFiles()
        self._outlets = {
            "stdout": Outlet(1, self._on_stdout_closed),
            "stderr": Outlet(2, lambda _error: None),
        }
        self._shown = map_output.Shown(self._outlets, plan.form, in_order=plan.in_order)
        self._bar = self._make_bar()
        self._drawing: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._given_up = asyncio.Event()
        self._acts: set[asyncio.Future[Any]] = set()
        self._suspended: list[str] = []
        self._outlet_error: OSError | None = None
        self._trouble: str | None = None
        self._is_halted = False

    async def to_end(self) -> int:
        try:
            with catch_interrupts(self._on_request) as interrupts, obey_job_control(self._suspend, self._resume):
                self._drawing = asyncio.create_task(self._draw())
                await asyncio.wait({self._drawing})
                self._note_drawn(self._drawing)
                while self._crew.unfinished:
                    self._idle.clear()
                    await self._idle.wait()
                await self._unless_given_up(self._shown.finish())
                if self._bar is not None:
                    self._bar.close()
                for outlet in self._outlets.values():
                    await self._unless_given_up(outlet.wait_written())
        finally:
            self._close()
            await asyncio.gather(*self._acts, return_exceptions=True)
        if self._trouble is not None:
            complain(self._trouble)
        return self._exit_code(interrupts.first)

    # --- items come in -----------------------------------------------------------------------------------------------

    async def _draw(self) -> None:
        async for batch in self._items.batches():
            for item in batch:
                if not self._crew.has_room:
                    await self._crew.wait_for_room()
                await self._shown.wait_for_room()
                self._begin(item)
            await asyncio.sleep(0)  # to pass over a million that are done takes a while: signals come first
        self._tally.total = self._items.number

    def _note_drawn(self, drawing: asyncio.Task[None]) -> None:
        if not drawing.cancelled() and (error := drawing.exception()) is not None:
            if not isinstance(error, (UsageError, OSError)):
                raise error
            self._trouble = f"no further item is read: {error}"

    def _begin(self, item: Item) -> None:
        argv = self._plan.template.fill(item)
        place = None if self._plan.results is None else self._plan.results.place(item.text, argv)
        if self._plan.resume and self._is_done(argv, place):
            self._tally.skipped += 1
            self._shown.skip(item.number)
            return
        base = self._plan.task.command
        try:
            command: Command = base.with_argv(argv)
            command = command if place is None else place.connect(command)
        except (InvalidCommand, OSError) as error:
            self._fail(item, str(error))
            return
        task = replace(self._plan.task, command=command)
        self._crew.submit(self._make_job(item, task, place))

    def _make_job(self, item: Item, task: Task, place: Place | None) -> MapJob:
        return MapJob(
            item, task, self._plan.template, spill=self._spill, files=self._files, on_end=self._on_end, place=place
        )

    def _is_done(self, argv: tuple[str, ...], place: Any) -> bool:
        in_log = self._plan.joblog is not None and self._plan.joblog.takes_as_done(argv)
        return in_log or (place is not None and place.is_done())

    def _fail(self, item: Item, why: str) -> None:
        """Count an item for which nothing can be started."""
        job = self._make_job(item, self._plan.task, None)
        job.end(End(Outcome(kind=OutcomeKind.FAILED_TO_START, message=why)))

    # --- items end ---------------------------------------------------------------------------------------------------

    def _on_end(self, job: MapJob) -> None:
        assert job.outcome is not None
        if self._crew.unfinished == 0:
            self._idle.set()
        if job.outcome.kind is OutcomeKind.STOPPED and job.outcome.duration_s is None:
            self._shown.skip(job.item.number)  # it never ran: nobody wants to hear of it
            return
        self._tally.ended += 1
        self._tally.failed += not job.ok
        if self._bar is not None:
            self._bar.note_end()
        if job.outcome.kind is OutcomeKind.FAILED_TO_START:
            self._notice(f"item {job.item.number}: {job.outcome.message}")
        self._record(job)
        self._shown.put(job)
        if not job.ok:
            self._halt_if_due()
        if self._spill.failure is not None and self._trouble is None:
            self._give_up(f"what waits to be shown cannot be kept on disk: {self._spill.failure.strerror}")

    def _record(self, job: MapJob) -> None:
        try:
            if self._plan.joblog is not None:
                self._plan.joblog.note(job)
            if self._plan.results is not None and job.place is not None:
                job.place.write_outcome(job.facts() | {"cwd": self._plan.results.cwd})
        except OSError as error:
            self._give_up(f"what was done cannot be recorded: {error.strerror}")

    def _halt_if_due(self) -> None:
        halt = self._plan.halt
        if halt is None or self._is_halted or not halt.is_due(self._tally.failed, self._tally.ended):
            return
        self._is_halted = True
        self._notice(f"{self._tally.failed} failed: {'all are ended' if halt.how == 'now' else 'nobody else starts'}")
        self._start_no_more()
        if halt.how == "now":
            self._act(self._crew.stop_all())

    # --- requests ----------------------------------------------------------------------------------------------------

    def _on_request(self, number: int, count: int) -> None:
        """Start nobody else and end who runs at the first, kill at the second, wait for no reader at the third."""
        name = signal_name(number)
        self._start_no_more()
        if count == 1:
            self._notice(f"{name}: nobody else starts, those that run are asked to end; once more kills them")
            self._act(self._crew.stop_all())
        else:
            self._notice(f"{name} again: all are killed")
            self._act(self._crew.kill_all())
            self._given_up.set() if count > 2 else None

    def _start_no_more(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
        self._crew.start_no_more()
        self._act(self._crew.withdraw_queued())

    def _give_up(self, trouble: str) -> None:
        """End all of it, because we cannot do our part."""
        self._trouble = self._trouble or trouble
        self._start_no_more()
        self._act(self._crew.stop_all())

    def _on_stdout_closed(self, error: OSError) -> None:
        self._outlet_error = error
        if not isinstance(error, BrokenPipeError):
            self._trouble = f"cannot write to standard output: {error.strerror}"
        self._start_no_more()
        self._act(self._crew.stop_all())

    async def _suspend(self) -> None:
        if self._bar is not None:
            self._bar.pause()
        self._suspended = self._crew.running()
        await asyncio.gather(*(_quietly(self._crew.suspend(each)) for each in self._suspended))

    async def _resume(self) -> None:
        await asyncio.gather(*(_quietly(self._crew.resume(each)) for each in self._suspended))

    def _act(self, act: Awaitable[object]) -> None:
        future = asyncio.ensure_future(act)
        self._acts.add(future)
        future.add_done_callback(self._acts.discard)

    # --- what is said ------------------------------------------------------------------------------------------------

    def _make_bar(self) -> Bar | None:
        is_terminal = os.isatty(2)
        if not (is_terminal if self._plan.bar is None else self._plan.bar):
            return None
        bar = Bar(
            self._outlets["stderr"], self._tally, is_terminal=is_terminal, count=lambda: len(self._crew.running())
        )
        self._shown.before = bar.pause
        return bar

    def _notice(self, sentence: str) -> None:
        if self._bar is not None:
            self._bar.pause()
        self._outlets["stderr"].put(f"procession: {show_safely(sentence)}\n".encode())

    async def _unless_given_up(self, wait: Awaitable[object]) -> None:
        """Wait for the readers of our output, unless the user has lost patience with them."""
        waits = [asyncio.ensure_future(wait), asyncio.ensure_future(self._given_up.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._shown.give_up()
        for outlet in self._outlets.values():
            outlet.close()
        self._spill.close()
        self._files.close()
        if self._plan.joblog is not None:
            self._plan.joblog.close()

    def _exit_code(self, signal: int | None) -> int:
        if signal is not None:
            return SIGNAL_BASE + signal
        if isinstance(self._outlet_error, BrokenPipeError):
            return CLOSED_PIPE
        if self._trouble is not None:
            return OWN_ERROR
        return self._tally.failed if self._tally.failed <= MOST_COUNTED else MORE_FAILED


async def _quietly(act: Awaitable[object]) -> None:
    """A job may end, or be on its way to, at this very moment."""
    try:
        await act
    except (AlreadyEnded, CannotSignal, UsageError, UnknownTask):
        return
