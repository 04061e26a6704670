"""How an attempt ended, with the evidence for saying so. Unknown is *unknown*: no path turns it into 0."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class OutcomeKind(StrEnum):
    """The verdict in one word."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    KILLED = "killed"
    OUT_OF_MEMORY = "out_of_memory"
    STOPPED = "stopped"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    EVICTED = "evicted"
    LOST = "lost"
    FAILED_TO_START = "failed_to_start"
    UNKNOWN = "unknown"


class Usage(Struct, frozen=True, kw_only=True):
    """What the kernel says was used, by the leader and every descendant it waited for (wait4(2)).

    Descendants that were never waited for (daemons, orphans) are not in it; ``covers`` says so. ``max_rss_bytes`` is
    None where the kernel's figure cannot be told from the memory of the program that started it.
    """

    user_s: float
    system_s: float
    max_rss_bytes: int | None
    covers: str = "leader and waited-for descendants"


class Outcome(Struct, frozen=True, kw_only=True):
    """How it ended. Of ``code`` and ``signal`` at most one is set; both are None when nothing ran or nobody knows.

    forced: SIGKILL was needed or asked for. stopped_by: whose wish its end was (user, timeout, cancel, shutdown).
    leaked: a descendant still held an output open after the leak grace. survivors: pids of the tree that could not
    be ended. error_code: the ``code`` of the start error, if it never started.
    """

    kind: OutcomeKind
    code: int | None = None
    signal: int | None = None
    signal_name: str | None = None
    message: str = ""
    core_dumped: bool = False
    forced: bool = False
    stopped_by: str | None = None
    leaked: bool = False
    survivors: tuple[int, ...] = ()
    duration_s: float | None = None
    usage: Usage | None = None
    error_code: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it succeeded: ended by itself with code 0, or when its completion file was there."""
        return self.kind is OutcomeKind.SUCCEEDED


class ExitStatus(Struct, frozen=True):
    """A decoded wait status. ``known`` is False when somebody else took it; then nothing else means anything."""

    code: int | None = None
    signal: int | None = None
    core_dumped: bool = False
    known: bool = True


UNKNOWN_EXIT = ExitStatus(known=False)


def decode_wait_status(raw: int) -> ExitStatus:
    """Decode the 16 bits that wait(2) gives: code in the high byte, or signal in the low 7 bits, core flag in bit 7."""
    signal = raw & 0x7F
    if signal == 0:
        return ExitStatus(code=(raw >> 8) & 0xFF)
    return ExitStatus(signal=signal, core_dumped=bool(raw & 0x80))
