"""Telling whoever started the daemon how it stands: the sd_notify protocol, spoken to systemd and to our own starter.

Not here: that jobs never see this channel (``process/environment.py``); and the watchdog, for which nobody asks.
"""

from __future__ import annotations

import os
import time

from procession.wire.notices import NoticeSender, assign
from procession.wire.variables import NOTIFY_SOCKET


class Notifier:
    """Speaks to ``NOTIFY_SOCKET``, which it takes out of the environment; without one it is silent.

    Whoever listens may have gone: that is no reason for a daemon to fail, so nothing is raised.
    """

    def __init__(self) -> None:
        self._sender = NoticeSender(os.environ.pop(NOTIFY_SOCKET, None))

    def ready(self, status: str) -> None:
        """Say that requests are answered from now on."""
        self._sender.send(assign({"READY": 1, "STATUS": status}))

    def status(self, text: str) -> None:
        """Say in one line what goes on."""
        self._sender.send(assign({"STATUS": text}))

    def reloading(self) -> None:
        """Say that it begins anew; `ready` must follow."""
        self._sender.send(assign({"RELOADING": 1, "MONOTONIC_USEC": time.monotonic_ns() // 1000}))

    def stopping(self, status: str) -> None:
        """Say that it ends."""
        self._sender.send(assign({"STOPPING": 1, "STATUS": status}))
