"""Telling whoever started the daemon how it stands: the sd_notify protocol, spoken to systemd and to our own starter.

Not here: that jobs never see this channel (``process/environment.py``); and the watchdog, for which nobody asks.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

from procession.kernel.unix_address import short_address


class Notifier:
    """Speaks to ``NOTIFY_SOCKET``, which it takes out of the environment; without one it is silent.

    Whoever listens may have gone: that is no reason for a daemon to fail, so nothing is raised.
    """

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")

    def ready(self, status: str) -> None:
        """Say that requests are answered from now on."""
        self._send(f"READY=1\nSTATUS={_one_line(status)}")

    def status(self, text: str) -> None:
        """Say in one line what goes on."""
        self._send(f"STATUS={_one_line(text)}")

    def reloading(self) -> None:
        """Say that it begins anew; `ready` must follow."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """Say that it ends."""
        self._send(f"STOPPING=1\nSTATUS={_one_line(status)}")

    def _send(self, message: str) -> None:
        if self._address[:1] not in ("/", "@"):
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            if self._address[0] == "@":
                channel.sendto(message.encode(), b"\0" + os.fsencode(self._address[1:]))
                return
            with short_address(self._address) as address:
                channel.sendto(message.encode(), address)


def _one_line(text: str) -> str:
    return " ".join(text.split())
