"""The end of each output, told once: it was reached, or it was given up because some descendant keeps it open."""

from __future__ import annotations

import time
from collections.abc import Callable

from procession.model.event import Event, OutputEnded, OutputLeaked
from procession.process.wiring import Wiring


class OutputEnds:
    """Knows which outputs of ``wiring`` have ended. ``leaked``: whether one had to be given up."""

    def __init__(self, wiring: Wiring, tell: Callable[[Event], None]) -> None:
        """Begin with all of them open."""
        self.leaked = False
        self._wiring = wiring
        self._tell = tell
        self._ended: set[str] = set()

    def note(self, stream: str) -> None:
        """Know that one has ended."""
        if stream not in self._ended:
            self._ended.add(stream)
            self._tell(OutputEnded(at=time.time(), stream=stream))

    def note_all(self) -> None:
        """Know that no further one is waited for."""
        for stream in self._wiring.pipe_names():
            self.note(stream)

    def give_up(self) -> None:
        """Wait no longer for those that somebody keeps open."""
        for reader in self._wiring.open_readers():
            if not reader.writers_are_gone():
                self.leaked = True
                self._ended.add(reader.name)
                self._tell(OutputLeaked(at=time.time(), stream=reader.name))
            reader.stop_waiting()
