"""`BlockingPool`: what `Pool` does, for programs without an event loop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

from procession.pool.admission import choose_admission
from procession.pool.flight import WINDOW
from procession.pool.loop_thread import LoopThread
from procession.pool.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from procession.model.command import Argument, Command
    from procession.policy.admission import Admission
    from procession.pool.handle import Handle
    from procession.process.result import Result


class BlockingHandle:
    """One command of a `BlockingPool`."""

    def __init__(self, handle: Handle, pool: BlockingPool) -> None:
        """Be made by `BlockingPool.submit` only."""
        self._handle = handle
        self._pool = pool

    @property
    def id(self) -> str:
        """Its number in the pool, like ``t1``."""
        return self._handle.id

    @property
    def command(self) -> Command:
        """What is run."""
        return self._handle.command

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._handle.done

    def result(self, timeout: float | None = None) -> Result:
        """Wait for its end, at most ``timeout`` seconds. Raises: TimeoutError."""
        self._pool.wait_for(lambda: self._handle.done, timeout)
        return self._handle.result()

    def cancel(self) -> Result:
        """Have it end, and return when nothing of it is left."""
        result: Result = self._pool.thread.call(self._handle.cancel)
        return result

    def __repr__(self) -> str:
        return repr(self._handle)


class BlockingPool:
    """Runs many commands: ``with BlockingPool() as pool: results = list(pool.map(commands))``.

    limit, admission: as for `Pool`. Leaving the block stops whatever has not ended. The processes are looked after by
    one thread of its own; any thread may call.
    """

    def __init__(self, limit: int | None = None, *, admission: Admission | None = None) -> None:
        """Raise UsageError for a limit below 1."""
        self._changed = threading.Condition()
        self._make: Callable[[], Pool] = lambda: Pool(limit, admission=admission, on_change=self._note_change)
        self.thread: LoopThread
        choose_admission(admission, limit)

    def __enter__(self) -> Self:
        """Begin to take commands."""
        self.thread = LoopThread(self._make, "procession-pool")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop whatever has not ended; return when nothing of it is left."""
        self.thread.stop()
        self._note_change()

    def submit(self, given: Command | Sequence[Argument], /, **options: Any) -> BlockingHandle:
        """Accept a command and give a handle on it. Takes and raises the same as `Pool.submit`."""
        pool = self.thread.inside
        return BlockingHandle(self.thread.do(lambda: pool.submit(given, **options)), self)

    def map(
        self,
        commands: Iterable[Command | Sequence[Argument]],
        /,
        *,
        ordered: bool = True,
        check: bool = False,
        **options: Any,
    ) -> Iterator[Result]:
        """Run all ``commands``, and give their results in their order, or with ``ordered=False`` as they come.

        They are drawn in this thread, while you wait for a result, and no sooner than they can start. Leaving the loop
        early cancels what has not ended. check: raise the EndError or StartError of the first that did not succeed.
        Raises: as `Pool.submit`, and whatever ``commands`` raises.
        """
        source, waiting, is_drawn = iter(commands), list[BlockingHandle](), False
        try:
            while waiting or not is_drawn:
                while not is_drawn and len(waiting) < WINDOW and self.thread.inside.has_room:
                    try:
                        waiting.append(self.submit(next(source), **options))
                    except StopIteration:
                        is_drawn = True
                handle = _next_done(waiting, ordered=ordered)
                if handle is not None:
                    waiting.remove(handle)
                    yield handle.result().check() if check else handle.result()
                elif waiting:
                    self._wait_for_news(waiting, ordered=ordered, may_draw=not is_drawn)
        finally:
            for handle in waiting:
                handle.cancel()

    def as_completed(self, handles: Iterable[BlockingHandle], /) -> Iterator[BlockingHandle]:
        """Give ``handles`` as they end; those that have ended come first."""
        waiting = list(handles)
        while waiting:
            self.wait_for(lambda: _next_done(waiting, ordered=False) is not None)
            handle = _next_done(waiting, ordered=False)
            assert handle is not None
            waiting.remove(handle)
            yield handle

    def wait_for(self, condition: Callable[[], bool], timeout: float | None = None) -> None:
        """Wait until ``condition`` holds; it is asked again whenever a command starts or ends. Raises: TimeoutError."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            if not self._changed.wait_for(condition, None if until is None else until - time.monotonic()):
                raise TimeoutError

    def _wait_for_news(self, waiting: list[BlockingHandle], *, ordered: bool, may_draw: bool) -> None:
        inside = self.thread.inside
        self.wait_for(
            lambda: (
                _next_done(waiting, ordered=ordered) is not None
                or (may_draw and len(waiting) < WINDOW and inside.has_room)
            )
        )

    def _note_change(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _next_done(waiting: list[BlockingHandle], *, ordered: bool) -> BlockingHandle | None:
    if ordered:
        return waiting[0] if waiting and waiting[0].done else None
    return next((handle for handle in waiting if handle.done), None)
