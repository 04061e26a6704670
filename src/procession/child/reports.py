"""What a program says of itself, in notices: that it is ready, what it does, how far it is.

Said at once and in order: what happens once. Said at most twenty times a second, the last word always: what changes all
the time. Nothing ever waits: what finds no room is sent a moment later, by a thread that ends when nothing is left.
"""

from __future__ import annotations

import _thread
import atexit
import os
import time

from procession.child import surroundings
from procession.wire.notices import (
    CHECKPOINT,
    CHECKPOINT_METADATA,
    PHASE,
    PROGRESS,
    SESSION,
    VALUE_LIMIT,
    NoticeSender,
    assign,
    merge,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PAUSE_S = 0.05
_QUEUED_LIMIT = 64
_EXIT_PATIENCE_S = 1.0
_CENTURY_S = 100 * 365.25 * 86_400

Fields = dict[str, object]


def ready(status: str | None = None) -> None:
    """Say that this program can be used from now on."""
    _reports.say({"READY": 1} | ({} if status is None else {"STATUS": status}))


def status(text: str) -> None:
    """Say in one line what goes on."""
    _reports.mention({"STATUS": text})


def heartbeat() -> None:
    """Say that all is well: at least once in every interval of a watchdog, at best twice."""
    _reports.mention({"WATCHDOG": 1})


def progress(fraction: float, *, phase: str | None = None) -> None:
    """Say how far it is, from 0 to 1, and what is being done. What is outside is taken for the nearer end.

    A share that is no number (NaN: nothing done of nothing) is not said, the phase is.
    """
    share = float(fraction)
    fields: Fields = {} if share != share else {PROGRESS: f"{min(max(share, 0.0), 1.0):.6g}"}  # noqa: PLR0124 - NaN
    _reports.mention(fields if phase is None else fields | {PHASE: phase})


def checkpoint_saved(path: str | os.PathLike[str], /, **metadata: object) -> None:
    """Say that all until now is saved at ``path``, so that another attempt can go on there.

    metadata: what is good to know of it, kept as texts: ``checkpoint_saved(path, loss=0.12)``. Raises: ValueError: it
    is longer than 4,096 characters.
    """
    _reports.say(checkpoint_fields(path, metadata))


def checkpoint_fields(path: str | os.PathLike[str], metadata: Mapping[str, object]) -> Fields:
    """Give what says so. Raises: ValueError."""
    fields: Fields = {CHECKPOINT: os.path.abspath(path)}
    if metadata:
        import json

        facts = json.dumps({name: str(value) for name, value in metadata.items()})
        if len(facts) > VALUE_LIMIT:
            raise ValueError(f"metadata of a checkpoint: {len(facts):,} characters, at most {VALUE_LIMIT:,}")
        fields[CHECKPOINT_METADATA] = facts
    return fields


def session(id: str) -> None:  # noqa: A002 - the word for it
    """Say by which id this conversation can be taken up again."""
    _reports.say({SESSION: id})


def extend_timeout(seconds: float) -> None:
    """Ask for at least so much time from now on, for starting, running or stopping, whichever is under way.

    More than a century is taken for a century; what is not above 0 asks for nothing.
    """
    if seconds > 0:
        _reports.say({"EXTEND_TIMEOUT_USEC": int(min(seconds, _CENTURY_S) * 1_000_000)})


def reloading() -> None:
    """Say that the configuration is read anew; `ready` must follow."""
    _reports.say({"RELOADING": 1, "MONOTONIC_USEC": time.monotonic_ns() // 1000})


def stopping(status: str | None = None) -> None:
    """Say that this program ends."""
    _reports.say({"STOPPING": 1} | ({} if status is None else {"STATUS": status}))


def notify(**fields: object) -> None:
    """Say anything else, as sd_notify(3) has it: ``notify(MAINPID=42)``. Own words begin with ``X_``.

    Raises: ValueError: a name that is more than letters, digits and ``_``.
    """
    for name in fields:
        if not (name.isascii() and name.isidentifier()):
            raise ValueError(f"expected a name of letters, digits and '_', got {name!r}")
    _reports.say(fields)


class Reports:
    """Decides when what is said is sent by ``sender``."""

    def __init__(self, sender: NoticeSender) -> None:
        self._sender = sender
        self.forget()

    def forget(self) -> None:
        """Begin anew: in a forked copy of a program nothing is left to be said."""
        self._lock = _thread.allocate_lock()
        self._queue: list[Fields] = []
        self._mentioned: Fields = {}
        self._sent_at = -_PAUSE_S
        self._is_flushing = False

    def say(self, fields: Fields) -> None:
        """Send it, after everything that was said before."""
        if self._sender.is_heard:
            with self._lock:
                if self._mentioned:
                    self._queue.append(self._mentioned)
                    self._mentioned = {}
                self._queue.append(fields)
                if len(self._queue) > _QUEUED_LIMIT:
                    self._queue[:2] = [merge(self._queue[0], self._queue[1])]
                self._flush()

    def mention(self, fields: Fields) -> None:
        """Send it soon; of what is mentioned often, the last word is enough."""
        if self._sender.is_heard and fields:
            with self._lock:
                self._mentioned |= fields
                if time.monotonic() - self._sent_at >= _PAUSE_S:
                    self._flush()
                else:
                    self._flush_later()

    def flush_at_exit(self) -> None:
        """Send what is left, waiting a moment for room."""
        give_up_at = time.monotonic() + _EXIT_PATIENCE_S
        while time.monotonic() < give_up_at:
            with self._lock:
                if self._flush(later=False):
                    return
            time.sleep(_PAUSE_S / 10)

    def _flush(self, *, later: bool = True) -> bool:
        """Send all there is; False: some of it found no room."""
        if self._mentioned:
            self._queue.append(self._mentioned)
            self._mentioned = {}
        while self._queue:
            if not self._sender.send(assign(self._queue[0])):
                if later:
                    self._flush_later()
                return False
            del self._queue[0]
        self._sent_at = time.monotonic()
        return True

    def _flush_later(self) -> None:
        if not self._is_flushing:
            self._is_flushing = True
            _thread.start_new_thread(self._flush_until_empty, ())

    def _flush_until_empty(self) -> None:
        while True:
            time.sleep(_PAUSE_S)
            with self._lock:
                if self._flush(later=False):
                    self._is_flushing = False
                    return


_reports = Reports(NoticeSender(surroundings.notify_socket))
atexit.register(_reports.flush_at_exit)
os.register_at_fork(after_in_child=_reports.forget)
