"""What programs say about themselves, as systemd's sd_notify(3) has it: from datagrams to assignments. Pure.

Not here: who may say it, and what follows (`procession.process.notices`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from procession.wire.notices import CHECKPOINT, PHASE, PROGRESS, SESSION, merge

READY: Final = "READY"
STATUS: Final = "STATUS"
WATCHDOG: Final = "WATCHDOG"
WATCHDOG_USEC: Final = "WATCHDOG_USEC"
EXTEND: Final = "EXTEND_TIMEOUT_USEC"
MAINPID: Final = "MAINPID"

_VALUE_LIMIT: Final = 4096
_FIELDS_LIMIT: Final = 64

PRESSING: Final = frozenset(
    {READY, "STOPPING", "RELOADING", MAINPID, EXTEND, "ERRNO", "BUSERROR", "EXIT_STATUS", CHECKPOINT, SESSION}
)
"""What is told at once and in order. Of everything else the last word is enough."""

TELL_PAUSE_S: Final = 0.1
_PRESSING_PER_PAUSE: Final = 10


def parse_notice(data: bytes) -> dict[str, str]:
    """Give the assignments of a datagram; lines that are none, and text that is no UTF-8, are passed over."""
    fields: dict[str, str] = {}
    for line in data.split(b"\n"):
        name, found, value = line.partition(b"=")
        if not found or not name.isascii() or not name or len(fields) >= _FIELDS_LIMIT:
            continue
        try:
            word, text = name.decode(), value[:_VALUE_LIMIT].decode("utf-8", "strict")
        except UnicodeDecodeError:
            continue
        if word.isprintable():
            fields[word] = text
    return fields


def read_usec(text: str | None) -> float | None:
    """Give microseconds as seconds; None for what is no such number."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None
    return int(text) / 1_000_000


def shown_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Give what of it is shown of a task, by the names of its view. Progress is a value of its own: `progress_in`."""
    shown: dict[str, Any] = {
        name: fields[word]
        for word, name in ((STATUS, "status"), (CHECKPOINT, "checkpoint"), (SESSION, "session"))
        if word in fields
    }
    if fields.get(MAINPID, "").isdigit():
        shown["main_pid"] = int(fields[MAINPID])
    return shown


def progress_in(fields: Mapping[str, str]) -> tuple[float | None, str | None] | None:
    """Give the fraction and the phase that a program reports; None if it says neither."""
    fraction, phase = _share(fields.get(PROGRESS)), fields.get(PHASE)
    return None if fraction is None and phase is None else (fraction, phase)


class Gathering:
    """Keeps a flood of notices from becoming a flood of events: what presses goes on, of the rest the last word."""

    def __init__(self) -> None:
        self._pending: dict[str, str] = {}
        self._told_at = -math.inf
        self._pressing = 0

    def take(self, fields: dict[str, str], now: float) -> list[dict[str, str]]:
        """Give what is to be told now, in order."""
        self._pending = merge(self._pending, fields)
        is_pause_over = now >= self._told_at + TELL_PAUSE_S
        if is_pause_over:
            self._pressing = 0
        if not (PRESSING & fields.keys() and self._pressing < _PRESSING_PER_PAUSE) and not is_pause_over:
            return []
        self._pressing += 1
        return self.flush(now)

    def due_at(self) -> float | None:
        """Say when what waits is to be told, if anything does."""
        return self._told_at + TELL_PAUSE_S if self._pending else None

    def flush(self, now: float) -> list[dict[str, str]]:
        """Give what waits."""
        told, self._pending = self._pending, {}
        self._told_at = now
        return [told] if told else []


def _share(text: str | None) -> float | None:
    try:
        share = float(text) if text is not None and len(text) < 40 else math.nan
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
