"""The daemon and what it keeps."""

from __future__ import annotations

from typing import ClassVar

from procession.errors.root import ProcessionError


class _AboutPath:
    """Says what is wrong with one path: ``sentence`` with ``path`` and ``reason``, which are fields too."""

    sentence: ClassVar[str]
    path: str
    reason: str

    def __init__(self, path: str, reason: str, *, hint: str = "") -> None:
        super().__init__(self.sentence.format(path=path, reason=reason), hint=hint, path=path, reason=reason)  # type: ignore[call-arg]


class DaemonUnavailable(_AboutPath, ProcessionError):
    """No daemon answers, or it ends just now. ``path`` is the socket; ``reason`` says what was seen."""

    code = "daemon_unavailable"
    sentence = "the daemon at {path} cannot be reached: {reason}"


class DaemonRunning(ProcessionError):
    """Another daemon serves this home already. ``home``; ``pid`` is its process, None where it did not say."""

    code = "daemon_running"
    home: str
    pid: int | None

    def __init__(self, home: str, pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        hint = "use that one, or end it with `procession daemon stop`"
        super().__init__(f"a daemon serves {home} already: {who}", hint=hint, home=home, pid=pid)


class UnsafePath(_AboutPath, ProcessionError):
    """A directory or socket of ours is not ours alone, so nothing was put there. ``path``; ``reason`` says why."""

    code = "unsafe_path"
    sentence = "{path} is not safe to use: {reason}"


class ForeignPeer(ProcessionError):
    """The other end of a socket is not ours to talk to. ``uid`` is the user it belongs to."""

    code = "foreign_peer"
    uid: int

    def __init__(self, uid: int) -> None:
        super().__init__(f"the other end of the socket belongs to user {uid}, not to us", uid=uid)


class Conflict(ProcessionError):
    """The request contradicts one that was carried out already. ``reason`` says how."""

    code = "conflict"
    reason: str

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(f"conflict: {reason}", hint=hint, reason=reason)


class StoreUnavailable(_AboutPath, ProcessionError):
    """What happens cannot be recorded (disk full, read-only), so nothing new is taken on. ``path``; ``reason``."""

    code = "store_unavailable"
    sentence = "the store {path} cannot be written: {reason}"


class InvalidCheckpoint(_AboutPath, ProcessionError):
    """What is kept of checkpoints at ``path`` cannot be believed: torn, foreign, of a newer version; ``reason``."""

    code = "invalid_checkpoint"
    sentence = "the checkpoints in {path} cannot be trusted: {reason}"


class ConnectionLost(DaemonUnavailable):
    """The daemon went away in the middle of a conversation, and did not come back. ``path``, ``reason``."""

    code = "connection_lost"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason, hint="see `procession daemon status`; what was asked for may have been done")
