"""One line of log per lifecycle event, safe to show: no environment, no control characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.model.text import printable

if TYPE_CHECKING:
    from procession.model.event import Event

_OWN_WORDS = frozenset({"event", "at", "task", "attempt"})


def log_line(event: Event) -> str:
    """Write ``event`` as ``thumbs: started pid=123 (attempt 2)``."""
    subject = f"{event.task}: " if event.task else ""
    details = "".join(f" {name}={_short(getattr(event, name))}" for name in _details(event))
    later = f" (attempt {event.attempt})" if event.attempt and event.attempt > 1 else ""
    return printable(f"{subject}{event.name.replace('_', ' ')}{details}{later}")


def _details(event: Event) -> list[str]:
    names = [name for name in event.__struct_fields__ if name not in _OWN_WORDS]
    return [name for name in names if getattr(event, name) is not None]


def _short(value: object) -> str:
    message = getattr(value, "message", None)
    if message is not None:
        return str(message or getattr(value, "kind", ""))
    return str(value)
