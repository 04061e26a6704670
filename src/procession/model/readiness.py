"""How it is known that a task can be used, and that it has done its work. Values; who looks is `procession.monitor`."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from procession.errors import InvalidTask

_PORT_MAX: Final = 65_535


class _Readiness(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by"):
    """One way to know it; ``by`` is its word."""

    @property
    def by(self) -> str:
        """The word of this way: notify, log, port, http, file."""
        return str(self.__struct_config__.tag)


class ByNotice(_Readiness, frozen=True, tag="notify"):
    """It says so itself: ``READY=1`` to its ``NOTIFY_SOCKET``."""


class ByLog(_Readiness, frozen=True, tag="log"):
    """It prints a line in which ``pattern``, a regular expression, is found."""

    pattern: str

    def __post_init__(self) -> None:
        """Raise InvalidTask for what is no pattern."""
        _check_text("ready.log", self.pattern)
        try:
            re.compile(self.pattern.encode())
        except re.error as error:
            raise InvalidTask("ready.log", f"is no regular expression: {error}") from None


class ByPort(_Readiness, frozen=True, tag="port"):
    """It takes connections at this TCP port."""

    port: int
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        """Raise InvalidTask for what is no port."""
        if isinstance(self.port, bool) or not isinstance(self.port, int) or not 0 < self.port <= _PORT_MAX:
            raise InvalidTask("ready.port", f"must be a whole number from 1 to {_PORT_MAX}, got {self.port!r}")
        _check_text("ready.host", self.host)


class ByHttp(_Readiness, frozen=True, tag="http"):
    """It answers a GET of this URL with a status from 200 to 399."""

    url: str

    def __post_init__(self) -> None:
        """Raise InvalidTask for anything but a plain ``http://host[:port]/path``."""
        _check_text("ready.http", self.url)
        try:
            parts = urlsplit(self.url)
            is_plain = parts.scheme == "http" and parts.hostname and parts.port != 0 and "@" not in parts.netloc
        except ValueError:
            is_plain = False
        if not is_plain or not self.url.isascii() or any(each.isspace() for each in self.url):
            raise InvalidTask("ready.http", f"must be a URL like http://127.0.0.1:8080/health, got {self.url!r}")


class ByFile(_Readiness, frozen=True, tag="file"):
    """The file (a socket, a directory …) is there, and is newer than the attempt; relative to its `cwd`.

    Also what says that a task is done: ``done_when``.
    """

    path: str

    def __post_init__(self) -> None:
        """Raise InvalidTask for what is no path."""
        _check_text("file", self.path)


Readiness = ByNotice | ByLog | ByPort | ByHttp | ByFile


def _check_text(field: str, given: object) -> None:
    if not isinstance(given, str) or not given or "\0" in given:
        raise InvalidTask(field, f"must be text, got {given!r}")
