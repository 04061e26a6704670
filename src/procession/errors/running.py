"""A running process cannot do what was asked."""

from __future__ import annotations

from procession.errors.root import ProcessionError


class AlreadyEnded(ProcessionError):
    """The process has ended; nothing was signalled. ``pid``."""

    code = "already_ended"
    pid: int


class CannotSignal(ProcessionError):
    """The kernel does not let us signal a process of this tree (it changed its user). ``pid``."""

    code = "cannot_signal"
    pid: int


class KeeperUnavailable(ProcessionError):
    """There is no keeper to work with: it cannot be started, serves another supervisor, or is of another version."""

    code = "keeper_unavailable"


class StreamUnavailable(ProcessionError):
    """The stream was not set up for this: not a pipe, or read by somebody else already. ``stream``."""

    code = "stream_unavailable"
    stream: str


class InputClosed(ProcessionError):
    """The process no longer reads its standard input."""

    code = "input_closed"
