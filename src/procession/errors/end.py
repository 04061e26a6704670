"""The command ran, and did not end well."""

from __future__ import annotations

from typing import Any

from procession.errors.root import ProcessionError


class EndError(ProcessionError):
    """The command ended otherwise than asked. It has the shape of a success: everything ``result`` has is here too."""

    code = "ended_badly"
    result: Any

    def __init__(self, message: str, *, result: Any, hint: str = "") -> None:
        """Keep the whole ``result``, partial output included."""
        super().__init__(message, hint=hint, result=result)

    def __getattr__(self, name: str) -> Any:
        """Give what the result has: ``stdout``, ``signal``, ``outcome`` …; its exit code is ``result.code``."""
        if name.startswith("_") or name == "result":
            raise AttributeError(name)
        return getattr(self.result, name)


class ExitedWithCode(EndError):
    """It ended by itself with a code other than 0."""

    code = "exited_with_code"


class KilledBySignal(EndError):
    """A signal ended it."""

    code = "killed_by_signal"


class CoreDumped(KilledBySignal):
    """A signal ended it, and a core was written."""

    code = "core_dumped"


class TimedOut(EndError):
    """Its time was up, and it was ended for that."""

    code = "timed_out"


class Stopped(EndError):
    """It was asked to end before it was done."""

    code = "stopped"


class CancelledRun(EndError):
    """Its caller was cancelled, and it was ended for that."""

    code = "cancelled"


class OutputLimitReached(EndError):
    """It printed more than was kept, and the caller asked that this be an error."""

    code = "output_limit_reached"


class OutcomeUnknown(EndError):
    """It is gone and nobody can say how it ended (another part of the host reaped it). Never taken for success."""

    code = "outcome_unknown"
