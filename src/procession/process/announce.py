"""Telling what happened: to subscribers, and to `logging`."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable
from typing import IO

from msgspec.structs import replace

from procession.model.event import Event

logging.getLogger("procession").addHandler(logging.NullHandler())
_LOG = logging.getLogger("procession.process")

HISTORY_LIMIT = 1000

Subscriber = Callable[[Event], None]


class Announcer:
    """Keeps what happened to one process, and tells everybody in the same order, late comers too."""

    def __init__(self, label: object) -> None:
        """Call the process ``label`` in the log."""
        self._label = label
        self._latest = 0.0
        self._history: list[Event] = []
        self._subscribers: list[Subscriber] = []

    def tell(self, event: Event) -> None:
        """Tell everybody. What a subscriber raises is logged, and stops neither the others nor the process.

        Times never go back: a clock may, and a keeper saw an exit before we saw what was written before it.
        """
        if event.at < self._latest:
            event = replace(event, at=self._latest)
        self._latest = event.at
        if len(self._history) < HISTORY_LIMIT:
            self._history.append(event)
        if _LOG.isEnabledFor(logging.INFO):
            _LOG.info("%s: %s", self._label, event.name, extra={"procession": event.as_dict()})
        for subscriber in tuple(self._subscribers):
            _call(subscriber, event)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Tell ``subscriber`` the history, then all that follows; returns what ends that."""
        for event in tuple(self._history):
            _call(subscriber, event)
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(subscriber)

        return unsubscribe


def json_lines(file: IO[str]) -> Subscriber:
    """Make a subscriber that writes each event to ``file`` as one line of JSON."""

    def write(event: Event) -> None:
        file.write(json.dumps(event.as_dict(), ensure_ascii=True) + "\n")
        file.flush()

    return write


def _call(subscriber: Subscriber, event: Event) -> None:
    try:
        subscriber(event)
    except Exception:  # noqa: BLE001 - whatever it is, it is logged and stops nobody
        _LOG.exception("a subscriber failed on %s", event.name)
