"""The door to many processes: submit tasks, watch them, stop them. Leaving the block leaves nothing behind.

In-process form: it lives in one event loop and is not thread-safe; when this process is killed, its tasks are on their
own. Verbs return when their effect is there, and cancelling who waits never disturbs a task.
"""

from __future__ import annotations

import asyncio
import random as random_module
from typing import TYPE_CHECKING, Any, Literal, Self

from procession.errors import InvalidTask, UsageError
from procession.model.event import Event, Submitted
from procession.model.pool import HARD_LIMIT, SOFT_LIMIT
from procession.model.signals import signal_number
from procession.model.stdio import Pipe
from procession.model.task import Task, task
from procession.model.view import TaskView, view_of
from procession.policy.admission import Admission, FixedLimit
from procession.supervisor.acting import ask_to_end, finish_uninterrupted, process_of, wait_until_over
from procession.supervisor.clock import Clock, SystemClock
from procession.supervisor.conductor import Conductor
from procession.supervisor.entry import Entry
from procession.supervisor.place import placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from procession.model.command import Argument, Command
    from procession.supervisor.announcer import OutputCallback
    from procession.supervisor.event_stream import EventStream
    from procession.supervisor.launcher import Launcher

Views = list[TaskView]


class Supervisor:
    """Runs many tasks: ``async with Supervisor(hard_limit=4) as supervisor: supervisor.submit(["make"])``.

    hard_limit, soft_limit: figures of the fixed limit; ``admission`` replaces it altogether.
    launcher, clock, random: the seams for whoever runs processes elsewhere, or tests.
    """

    def __init__(
        self,
        *,
        hard_limit: int = HARD_LIMIT,
        soft_limit: int = SOFT_LIMIT,
        admission: Admission | None = None,
        launcher: Launcher | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        """Raise UsageError for a limit that cannot be."""
        self._conductor = Conductor(
            admission or FixedLimit(hard_limit=hard_limit, soft_limit=soft_limit),
            launcher or _default_launcher(),
            clock or SystemClock(),
            random,
        )
        self._registry = self._conductor.registry
        self._is_open = False

    async def __aenter__(self) -> Self:
        """Begin to take tasks."""
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything, in parallel. Cancelling this insists: what is left is killed."""
        self._is_open = False
        try:
            await self.stop_all(by="shutdown")
        except BaseException:
            await finish_uninterrupted(self.kill_all(by="shutdown"))
            raise
        finally:
            self._conductor.announcer.close()

    # --- submit --------------------------------------------------------------------------------------------------

    def submit(self, work: Task | Command | Sequence[Argument], /, **fields: Any) -> str:
        """Accept a task and return its id: its name, else ``t1``, ``t2`` … It starts as soon as it may.

        ``fields`` are those of a Task (``name``, ``after``, ``retries``, ``priority``, ``group`` …).
        Raises: InvalidTask, InvalidCommand: nothing was accepted.
        """
        return self.submit_all([task(work, **fields)])[0]

    def submit_all(self, tasks: Iterable[Task]) -> list[str]:
        """Accept all or none; they may wait for each other in any order. Raises: InvalidTask."""
        if not self._is_open:
            message = "the supervisor takes no tasks: its block was not entered, or is being left"
            raise UsageError(message)
        given = list(tasks)
        for each in given:
            _check_supervisable(each)
        ids = self._registry.name_all(given)
        entries = [self._accept(id_, each) for id_, each in ids]
        for entry in entries:
            self._conductor.record(
                Submitted(at=entry.view.submitted_at, command=entry.view.command).of(entry.id, entry.view.attempt)
            )
            self._conductor.settle(entry)
        return [entry.id for entry in entries]

    # --- look ----------------------------------------------------------------------------------------------------

    def get(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Show a task as it stands. Raises: UnknownTask."""
        return self._registry.get(id).shown()

    def list(self) -> Views:
        """Show all tasks in the order of submission."""
        return [entry.shown() for entry in self._registry]

    def subscribe(self, callback: Callable[[Event], Any]) -> Callable[[], None]:
        """Call back with every event from now on; call the result to end that.

        ``list()`` before it, with no await between, is the state to which the events add.
        """
        return self._conductor.announcer.subscribe(callback)

    def subscribe_output(self, callback: OutputCallback) -> Callable[[], None]:
        """Call back with ``(id, stream, data)`` for every piece of output that comes through a pipe or pty."""
        return self._conductor.announcer.subscribe_output(callback)

    def events(self) -> EventStream:
        """Listen from this moment: an async iterator over a Snapshot, then every newer event, to the end of the block.

        What is not read yet is kept, so read, or drop it.
        """
        return self._conductor.announcer.open_stream(self._conductor.snapshot())

    # --- wait ----------------------------------------------------------------------------------------------------

    async def wait(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Wait until a task is over, retries included. Raises: UnknownTask."""
        entry = self._registry.get(id)
        await entry.over.wait()
        return entry.shown()

    async def wait_all(self) -> Views:
        """Wait until every task is over, those submitted meanwhile included."""
        await self._conductor.idle.wait()
        return self.list()

    # --- act -----------------------------------------------------------------------------------------------------

    async def stop(self, id: str, by: str = "user", grace_s: float | None = None) -> TaskView:  # noqa: A002
        """Ask a task to end, insist after its grace; return when it is over. No retry follows.

        Stopping twice is stopping once (``kill`` insists); a task that is over already is shown as it is.
        """
        entry = self._registry.get(id)
        act = ask_to_end(self._conductor, entry, by, lambda process: process.terminate(grace_s=grace_s, by=by))
        return await wait_until_over(entry, act)

    async def kill(self, id: str, by: str = "user") -> TaskView:  # noqa: A002 - the field's own name
        """End a task and its whole tree at once; return when it is over. No retry follows."""
        entry = self._registry.get(id)
        act = ask_to_end(self._conductor, entry, by, lambda process: process.kill(by=by), insist=True)
        return await wait_until_over(entry, act)

    async def stop_all(self, by: str = "user", grace_s: float | None = None) -> Views:
        """Stop every task, in parallel; return when all are over. What is submitted later runs."""
        return await self._end_all(lambda id_: self.stop(id_, by, grace_s))

    async def kill_all(self, by: str = "user") -> Views:
        """Kill every task; return when all are over."""
        return await self._end_all(lambda id_: self.kill(id_, by))

    async def suspend(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Pause the whole tree of a running task. Raises: AlreadyEnded, UsageError: nothing of it runs."""
        entry = self._registry.get(id)
        await process_of(entry).suspend()
        return entry.shown()

    async def resume(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Let a suspended task run on. Raises: AlreadyEnded, UsageError: nothing of it runs."""
        entry = self._registry.get(id)
        await process_of(entry).resume()
        return entry.shown()

    async def signal(
        self,
        id: str,  # noqa: A002 - the field's own name
        signal: str | int,
        scope: Literal["leader", "tree"] = "leader",
    ) -> TaskView:
        """Send one signal. It is no wish to end: what dies of it is retried. Raises: InvalidSignal, AlreadyEnded."""
        number = signal_number(signal)
        entry = self._registry.get(id)
        process_of(entry, even_stopping=True).send_signal(number, scope=scope)
        return entry.shown()

    def retry(self, id: str) -> TaskView:  # noqa: A002 - the field's own name
        """Queue a further attempt of a task that is over, with fresh retries. Raises: UsageError: it is not over."""
        entry = self._registry.get(id)
        if not entry.view.is_over or not self._is_open:
            message = f"task {entry.id} cannot be retried: it is {entry.view.state.value}"
            raise UsageError(message, task=entry.id)
        self._conductor.reopen(entry)
        return entry.shown()

    # --- helpers -------------------------------------------------------------------------------------------------

    def _accept(self, id_: str, given: Task) -> Entry:
        command, cwd = placed(given.command)
        view = view_of(given, id_, cwd, self._conductor.clock.time())
        entry = Entry(task(given, command=command), view, number=len(self._registry))
        self._conductor.accept(entry)
        return entry

    async def _end_all(self, end: Callable[[str], Any]) -> Views:
        """All are asked in the same turn of the loop, so that no end makes room for another start."""
        unfinished = [entry for entry in self._registry if not entry.view.is_over]
        await asyncio.gather(*(end(entry.id) for entry in unfinished))
        return [entry.shown() for entry in unfinished]


def _default_launcher() -> Launcher:
    from procession.process.spawn import spawn  # noqa: PLC0415 - who brings a launcher needs no process room

    return spawn


def _check_supervisable(given: Task) -> None:
    if isinstance(given.command.stdin, Pipe):
        raise InvalidTask("command.stdin", "cannot be a pipe: nobody would write to it", hint="use a file or null")
