"""`CommandExecutor`: commands behind the interface of `concurrent.futures`, for what already speaks it."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import threading
from typing import TYPE_CHECKING, Any

from procession.errors import StartFailed
from procession.pool.handle import Printing
from procession.pool.loop_thread import LoopThread
from procession.pool.pool import Pool, make_task

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.model.task import Task
    from procession.policy.admission import Admission
    from procession.pool.handle import Decoding
    from procession.pool.job import End
    from procession.process.result import Result


class CommandExecutor(concurrent.futures.Executor):
    """Runs commands: ``with CommandExecutor() as executor: executor.submit(["make"]).result().check()``.

    `concurrent.futures.wait` and `as_completed` work with its futures, whose result is a `Result` however the command
    ended; with ``check=True`` it is the EndError or StartError instead. max_workers: at most so many at once; without
    it, what ``admission`` says, or what fits this machine. The processes are looked after by one thread of its own.
    """

    def __init__(self, max_workers: int | None = None, *, admission: Admission | None = None) -> None:
        """Raise UsageError for a limit below 1."""
        self._thread = LoopThread(lambda: Pool(max_workers, admission=admission), "procession-executor")
        self._lock = threading.Lock()
        self._futures: set[concurrent.futures.Future[Result]] = set()
        self._is_shut_down = False
        atexit.register(self.shutdown)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        """Accept a command: a `Command`, a list of arguments, or a function that makes one of ``args``, called here.

        kwargs: as for `Pool.submit`, and ``check``. Cancelling the future works until the command starts, as ever.
        Raises: InvalidCommand, InvalidTask; RuntimeError: it was shut down.
        """
        given = fn(*args) if callable(fn) else fn
        check = kwargs.pop("check", False)
        decoding = _decoding(kwargs)
        task = make_task(given, kwargs)
        future: concurrent.futures.Future[Result] = concurrent.futures.Future()
        with self._lock:
            if self._is_shut_down:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._futures.add(future)
        future.add_done_callback(self._forget)
        job = _FutureJob(task, decoding, future, check=check)
        self._thread.soon(lambda: self._begin(job))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the interface
        """Take no more. wait: return when all commands have ended. cancel_futures: start none of those that wait.

        Without ``wait``, what was accepted runs on and ends; the program does not end before it has.
        """
        with self._lock:
            self._is_shut_down = True
            futures = tuple(self._futures)
        if cancel_futures:
            for future in futures:
                future.cancel()
        if wait:
            concurrent.futures.wait(futures)
            self._thread.stop()
            atexit.unregister(self.shutdown)

    def _begin(self, job: _FutureJob) -> None:
        pool: Pool = self._thread.inside
        pool.submit_job(job)
        job.future.add_done_callback(lambda future: self._withdraw(job) if future.cancelled() else None)

    def _withdraw(self, job: _FutureJob) -> None:
        if self._thread.is_running:
            pool: Pool = self._thread.inside
            self._thread.loop.call_soon_threadsafe(lambda: asyncio.ensure_future(pool.stop_job(job)))

    def _forget(self, future: concurrent.futures.Future[Result]) -> None:
        with self._lock:
            self._futures.discard(future)


class _FutureJob(Printing):
    """A job whose end resolves a future."""

    def __init__(
        self, task: Task, decoding: Decoding | None, future: concurrent.futures.Future[Result], *, check: bool
    ) -> None:
        super().__init__(task, decoding)
        self.future = future
        self._check = check
        self._has_begun = False

    def begin(self) -> Command:
        """Run, unless the future was cancelled at this very moment."""
        if not self._has_begun:
            self._has_begun = self.future.set_running_or_notify_cancel()
            if not self._has_begun:
                raise StartFailed("its future was cancelled", command=str(self.task.command))
        return super().begin()

    def end(self, end: End) -> None:
        """Resolve the future. One that was cancelled is over already; one that never began cannot be running."""
        if not self._has_begun and not self.future.set_running_or_notify_cancel():
            return
        result = self.make_result(end)
        try:
            self.future.set_result(result.check() if self._check else result)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits for the future
            self.future.set_exception(error)


def _decoding(options: dict[str, Any]) -> tuple[str, str] | None:
    decoding = options.pop("encoding", "utf-8"), options.pop("errors", "replace")
    return decoding if options.pop("text", True) else None
