"""What a buffered run gives: everything about the end, and what was printed."""

from __future__ import annotations

from msgspec import Struct

from procession import errors
from procession.errors import (
    CancelledRun,
    CoreDumped,
    EndError,
    ExitedWithCode,
    KilledBySignal,
    OutcomeUnknown,
    StartError,
    Stopped,
    TimedOut,
)
from procession.model.command import Command
from procession.model.outcome import Outcome, OutcomeKind

_EXCERPT_LINES = 5


class Result(Struct, frozen=True, kw_only=True):
    """One finished run. ``stdout`` and ``stderr`` are text or bytes as asked; None where they went elsewhere.

    Beyond the output limit head and tail are kept, with a mark between them; ``stdout_dropped_bytes`` and
    ``stderr_dropped_bytes`` say how much is missing. Times: ``started_at`` since the epoch, ``duration_s``.
    """

    command: Command
    outcome: Outcome
    pid: int
    started_at: float
    duration_s: float
    stdout: str | bytes | None = None
    stderr: str | bytes | None = None
    stdout_dropped_bytes: int = 0
    stderr_dropped_bytes: int = 0

    @property
    def ok(self) -> bool:
        """Whether it succeeded: ended by itself with code 0."""
        return self.outcome.ok

    @property
    def code(self) -> int | None:
        """Its exit code; None if a signal ended it, or nobody knows."""
        return self.outcome.code

    @property
    def signal(self) -> int | None:
        """The signal that ended it; None if it exited."""
        return self.outcome.signal

    @property
    def timed_out(self) -> bool:
        """Whether it was ended because its time was up."""
        return self.outcome.kind is OutcomeKind.TIMED_OUT

    @property
    def leaked(self) -> bool:
        """Whether a descendant still held an output open when we stopped waiting for it."""
        return self.outcome.leaked

    def check(self) -> Result:
        """Return itself if it succeeded. Raises: the EndError of its kind, which has all that this has; StartError."""
        if self.ok:
            return self
        if self.outcome.kind is OutcomeKind.FAILED_TO_START:
            raise _start_error(self)
        raise _error_kind(self.outcome)(f"{self.command}: {self.outcome.message}{self._excerpt()}", result=self)

    def _excerpt(self) -> str:
        text = self.stderr or ""
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        lines = text.rstrip().splitlines()[-_EXCERPT_LINES:]
        return "".join(f"\n  | {line}" for line in lines)


_KINDS: dict[OutcomeKind, type[EndError]] = {
    OutcomeKind.FAILED: ExitedWithCode,
    OutcomeKind.KILLED: KilledBySignal,
    OutcomeKind.OUT_OF_MEMORY: KilledBySignal,
    OutcomeKind.TIMED_OUT: TimedOut,
    OutcomeKind.CANCELLED: CancelledRun,
    OutcomeKind.STOPPED: Stopped,
}


def _start_error(result: Result) -> StartError:
    """Give the error that its start met, by its code: what else it knew is in the message."""
    kinds = {
        kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StartError)
    }
    kind = kinds.get(result.outcome.error_code or "", StartError)
    return kind(result.outcome.message, command=str(result.command))


def _error_kind(outcome: Outcome) -> type[EndError]:
    if outcome.core_dumped and outcome.kind is OutcomeKind.KILLED:
        return CoreDumped
    return _KINDS.get(outcome.kind, OutcomeUnknown)
