"""Saying something about oneself to whoever looks after one: the sending side of sd_notify(3). Standard library only.

Not here: what is said, and how often (`procession.child`, `procession.daemon.notify`).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    Value = TypeVar("Value")

_ADDRESS_LIMIT_BYTES = 107
VALUE_LIMIT = 4096

PROGRESS, PHASE, CHECKPOINT, SESSION = "X_PROGRESS", "X_PHASE", "X_CHECKPOINT", "X_SESSION"
CHECKPOINT_METADATA = "X_CHECKPOINT_METADATA"
"""Our own assignments: a share from 0 to 1, a word, a path, an id; beside a path, facts as a JSON object."""


class NoticeSender:
    """Sends to ``address`` (a path, or ``@name`` for an abstract one); without one it sends nothing."""

    def __init__(self, address: str | None) -> None:
        self._address = address if address and address[0] in "/@" else None

    @property
    def is_heard(self) -> bool:
        """Whether there is anybody to speak to."""
        return self._address is not None

    def send(self, text: str) -> bool:
        """Send one datagram without ever waiting; False: there is no room for it now. Whoever is gone hears nothing."""
        if self._address is None:
            return True
        import _socket  # noqa: PLC0415 - who has nobody to speak to is not to pay for it

        channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
        try:
            channel.setblocking(False)
            self._send(channel, _bytes_of(text))
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            channel.close()
        return True

    def _send(self, channel: object, data: bytes) -> None:
        assert self._address is not None
        if self._address[0] == "@":
            channel.sendto(data, b"\0" + os.fsencode(self._address[1:]))  # type: ignore[attr-defined]
            return
        if len(os.fsencode(self._address)) <= _ADDRESS_LIMIT_BYTES:
            channel.sendto(data, self._address)  # type: ignore[attr-defined]
            return
        from procession.kernel.unix_address import short_address  # noqa: PLC0415 - hardly ever needed

        with short_address(self._address) as address:
            channel.sendto(data, address)  # type: ignore[attr-defined]


def merge(earlier: Mapping[str, Value], later: Mapping[str, Value]) -> dict[str, Value]:
    """Make one of two: the later word counts, and what was said of an earlier checkpoint is not said of a later one."""
    merged = dict(earlier)
    if CHECKPOINT in later:
        merged.pop(CHECKPOINT_METADATA, None)
    merged.update(later)
    return merged


def assign(fields: dict[str, object]) -> str:
    """Give the assignments as a datagram has them, a line each; values are made lines where they are none."""
    return "\n".join(f"{name}={one_line(value)}" for name, value in fields.items())


def one_line(value: object) -> str:
    """Give a value as one line of text, cut where it is longer than any path can be."""
    text = str(value)
    text = text if len(text) <= VALUE_LIMIT else f"{text[: VALUE_LIMIT - 1]}…"
    return text if text.isprintable() else " ".join(text.split())


def _bytes_of(text: str) -> bytes:
    """Give it as UTF-8; bytes that came from the system go back as they were, what is no text at all becomes ``?``."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="replace")
