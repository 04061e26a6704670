"""Forgetting what is over: by age, by count, by the size of logs, when asked and by itself now and then."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from procession.errors import StoreUnavailable
from procession.model.cleaning import Cleaned

if TYPE_CHECKING:
    from procession.daemon.config import Retention
    from procession.supervisor.log_shelf import LogShelf
    from procession.supervisor.store_ledger import StoreLedger
    from procession.supervisor.supervisor import Supervisor

INTERVAL_S: Final = 600.0
_AT_ONCE: Final = 500
"""How many tasks go in one commit: each costs the event loop a fraction of a millisecond."""


class Housekeeping:
    """Removes tasks that are over, with their logs; never one that an unfinished task waits for."""

    def __init__(self, supervisor: Supervisor, ledger: StoreLedger, shelf: LogShelf) -> None:
        self._supervisor = supervisor
        self._ledger = ledger
        self._shelf = shelf

    async def clean(self, *, older_than_s: float | None, keep: int | None, max_log_bytes: int | None) -> Cleaned:
        """Remove what is beyond the bounds. Raises: StoreUnavailable."""
        await self._ledger.commit()
        sizes = await asyncio.to_thread(self._shelf.sizes) if max_log_bytes is not None else {}
        removed: list[str] = []
        freed_bytes = 0
        while True:
            chosen = self._ledger.store.expire(
                now=time.time(),
                older_than_s=older_than_s,
                keep=keep,
                max_log_bytes=max_log_bytes,
                log_sizes=sizes,
                needed=self._supervisor.needed_ids(),
                limit=_AT_ONCE,
            )
            await self._ledger.commit()
            for id_ in chosen:
                freed_bytes += self._shelf.remove(id_)
                self._supervisor.forget_checkpoints(id_)
                sizes.pop(id_, None)
            removed += chosen
            if len(chosen) < _AT_ONCE:
                return Cleaned(tuple(removed), freed_bytes)
            await asyncio.sleep(0)

    async def keep_clean(self, retention: Retention) -> None:
        """Clean again and again, for ever."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            with contextlib.suppress(StoreUnavailable):
                await self.clean(
                    older_than_s=retention.older_than_s, keep=retention.keep, max_log_bytes=retention.max_log_bytes
                )
