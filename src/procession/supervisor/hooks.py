"""Commands that people want to have run when something happens: each gets the event as JSON on its standard input.

They cannot hang anybody: so many at once, so many that wait, so long for each, and what they print is not kept. They
are no tasks, and are gone when we are. Not here: when they are due (`reacting`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from procession.errors import ProcessionError
from procession.model.text import printable
from procession.process.run import run

if TYPE_CHECKING:
    from procession.model.event import Event

TIMEOUT_S: Final = 30.0
AT_ONCE: Final = 4
WAITING: Final = 100
_OUTPUT_BYTES: Final = 4096
_LAST_S: Final = 5.0
"""How long those that run may go on when everything is over."""


class Hooks:
    """Runs them."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    def run(
        self, argv: Sequence[str], event: Event, cwd: str | None, on_end: Callable[[str | None], None]
    ) -> str | None:
        """Have ``argv`` run; ``on_end`` hears the problem, or None. Gives the problem, if there are too many."""
        if len(self._running) >= WAITING:
            return f"{WAITING} hooks run or wait already"
        running = asyncio.create_task(self._run(argv, event, cwd, on_end), name=f"procession hook {argv[0]}")
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return None

    async def close(self) -> None:
        """Let those that run come to their end, for a moment."""
        if self._running:
            await asyncio.wait(self._running, timeout=_LAST_S)
        for each in self._running:
            each.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _run(
        self, argv: Sequence[str], event: Event, cwd: str | None, on_end: Callable[[str | None], None]
    ) -> None:
        said = json.dumps(event.as_dict(), ensure_ascii=False) + "\n"
        async with self._room:
            try:
                result = await run(
                    list(argv),
                    input=said,
                    errors="backslashreplace",
                    cwd=cwd,
                    timeout=TIMEOUT_S,
                    output_limit_bytes=_OUTPUT_BYTES,
                )
            except (ProcessionError, OSError, ValueError) as error:
                on_end(str(error))
                return
        told = printable(str(result.stderr or "").strip()[:200])
        on_end(None if result.outcome.ok else "; ".join(each for each in (result.outcome.message, told) if each))
