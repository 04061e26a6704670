"""What the client of a coding agent says in one attempt: all of it is read, over a crash of ours too.

Not here: what its words mean (`procession.monitor.agents`), and what follows from them (`agents`).
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from procession.model.stdio import Log
from procession.monitor.agents.reading import AgentReading
from procession.monitor.agents.usage import usage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from procession.model.agent import AgentProfile, AgentView
    from procession.model.command import Command
    from procession.model.event import Event
    from procession.supervisor.clock import Clock, Timer

LOOK_S: Final = 0.5
_PIECE_BYTES: Final = 1 << 20
_PIECES_PER_LOOK: Final = 4


class AgentWatch:
    """Reads what comes through us, and ``command``'s logs from ``offsets`` on; ``changed`` is called with what is new.

    A log is read as a whole, from where the attempt began: whoever takes it over knows all that was said before.
    """

    def __init__(
        self,
        profile: AgentProfile,
        command: Command,
        offsets: Mapping[str, int],
        *,
        clock: Clock,
        changed: Callable[[AgentView], None],
    ) -> None:
        self.profile = profile
        self._reading = AgentReading(profile)
        self._clock = clock
        self._changed = changed
        logs = {name: getattr(command, name) for name in ("stdout", "stderr")}
        self._logs = {name: log.path for name, log in logs.items() if isinstance(log, Log)}
        self._offsets = {name: offsets.get(path, 0) for name, path in self._logs.items()}
        self._timer: Timer | None = None
        if self._logs:
            self._arm()

    @property
    def view(self) -> AgentView:
        """What it has said so far."""
        return self._reading.view

    def shown(self, before: Sequence[AgentView]) -> AgentView:
        """Give what it says, with what it has used in all runs of its session: this one and those ``before``."""
        used = usage_of(self.profile, [*before, self.view])
        return replace(
            self.view, input_tokens=used.input_tokens, output_tokens=used.output_tokens, cost_usd=used.cost_usd
        )

    def hear(self, event: Event) -> None:
        """Only what it prints matters."""

    def hear_output(self, stream: str, data: bytes) -> None:
        """Take what it prints through us."""
        if self._reading.hear_output(stream, data, self._clock.time()):
            self._changed(self.view)

    def finish(self) -> AgentView:
        """Read what is left, the last line without an end too: it has ended."""
        self.close()
        while self._look():
            pass
        self._reading.finish()
        return self.view

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._timer = self._clock.call_later(LOOK_S, self._tick)

    def _tick(self) -> None:
        self._arm()
        before = self.view
        for _ in range(_PIECES_PER_LOOK):
            if not self._look():
                break
        if self.view is not before:
            self._changed(self.view)

    def _look(self) -> bool:
        """Read one piece more of each log; say whether there may be more."""
        pieces = [(name, _read(path, self._offsets[name])) for name, path in self._logs.items()]
        for name, piece in pieces:
            self._offsets[name] += len(piece)
            self._reading.hear_output(name, piece, self._clock.time())
        return any(len(piece) == _PIECE_BYTES for _, piece in pieces)


def _read(path: str, offset: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.pread(descriptor, _PIECE_BYTES, offset) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)
