"""One thread with an event loop, for whoever has none: the blocking twins stand on it. Not a thread per child."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from procession.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractAsyncContextManager


class LoopThread:
    """Enters the block that ``make`` gives in a loop of its own, and leaves it in `stop`. ``inside``: what it gave."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[Any]], name: str) -> None:
        """Begin. Raises: whatever entering the block raises."""
        self._make = make
        self._entered = threading.Event()
        self._error: BaseException | None = None
        self._leave: asyncio.Event
        self.inside: Any = None
        self.loop: asyncio.AbstractEventLoop
        # A daemon: whoever forgets to stop it, and ends, is held by `atexit` of its owner and not by the thread.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self._entered.wait()
        if self.inside is None:
            self._thread.join()
            assert self._error is not None
            raise self._error

    @property
    def is_running(self) -> bool:
        """Whether anything can still be asked of it."""
        return self._thread.is_alive() and not self._leave.is_set()

    def call(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Await ``work()`` in the loop, and give what it gives. Raises: what it raises; UsageError: it is over."""
        self.check()
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result()

    def do(self, work: Callable[[], Any]) -> Any:
        """Call ``work()`` in the loop, and give what it gives. Raises: as `call`."""

        async def run() -> Any:
            return work()

        return self.call(run)

    def soon(self, work: Callable[[], Any]) -> None:
        """Call ``work()`` in the loop, and do not wait. Raises: UsageError: it is over."""
        self.check()
        self.loop.call_soon_threadsafe(work)

    def check(self) -> None:
        """Raise UsageError unless it runs, and is another thread than this one."""
        if not self.is_running:
            raise UsageError("the pool is over, or was forked away from", hint="make a new one")
        if threading.current_thread() is self._thread:
            raise UsageError("this would wait for itself: it was called from the pool's own thread")

    def stop(self) -> None:
        """Leave the block, and return when the thread has ended. Raises: whatever leaving raises."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._leave.set)
        self._thread.join()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it
            self._error = error
        finally:
            self._entered.set()

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        async with self._make() as self.inside:
            self._entered.set()
            await self._leave.wait()
