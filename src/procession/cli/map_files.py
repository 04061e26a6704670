"""Where the jobs of `map` print: into files without names, two for each slot, used again and again.

A file needs no reader that wakes up: when a job has ended what it printed is there, as much as the disk holds.
Not here: what waits for its turn to be shown (``streams.spill``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from procession.model.stdio import Descriptor
from procession.streams.spill import PIECE_BYTES, open_nameless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from procession.model.command import Command
    from procession.streams.spill import Spilled

STREAMS: Final = ("stdout", "stderr")
_COPIED_BYTES: Final = 1 << 20
_HANDED_OVER: Final = 64
"""So many large files may wait as they are; more would take the descriptors that jobs need."""


class SlotFiles:
    """All files by slot. They are opened when a slot is first used. Raises: OSError: they cannot be."""

    def __init__(self) -> None:
        self._files: dict[int, dict[str, Descriptor]] = {}
        self._handed_over = 0

    def connect(self, command: Command, slot: int) -> Command:
        """Give ``command`` with its outputs going to the files of ``slot``, which are empty then."""
        files = self._files.get(slot)
        if files is None:
            files = self._files[slot] = {stream: Descriptor(open_nameless()) for stream in STREAMS}
        return command.placed(**files)

    def has(self, slot: int) -> bool:
        """Whether somebody may have printed there."""
        return slot in self._files

    def take(self, slot: int, stream: str, into: Spilled) -> LargeFile | None:
        """Move what was printed into ``into`` and empty the file; of a large one give the file itself instead."""
        fd = self._files[slot][stream].fd
        size_bytes = os.fstat(fd).st_size
        if not size_bytes:
            return None
        if size_bytes > _COPIED_BYTES and self._handed_over < _HANDED_OVER:
            self._files[slot][stream] = Descriptor(open_nameless())
            self._handed_over += 1
            return LargeFile(fd, size_bytes, self)
        for offset in range(0, size_bytes, PIECE_BYTES):
            into.append(os.pread(fd, PIECE_BYTES, offset))
        os.ftruncate(fd, 0)
        return None

    def abandon(self, slot: int) -> None:
        """Use the files of ``slot`` no more: somebody may still write into them."""
        for file in self._files.pop(slot, {}).values():
            os.close(file.fd)

    def note_closed(self) -> None:
        """A large file is gone."""
        self._handed_over -= 1

    def close(self) -> None:
        """Let all go."""
        for files in self._files.values():
            for file in files.values():
                os.close(file.fd)
        self._files.clear()


class LargeFile:
    """What one job printed, in a file of its own."""

    def __init__(self, fd: int, size_bytes: int, files: SlotFiles) -> None:
        self.size_bytes = size_bytes
        self._fd = fd
        self._files = files

    def pieces(self) -> Iterator[bytes]:
        """Give all of it, and let the file go."""
        try:
            for offset in range(0, self.size_bytes, PIECE_BYTES):
                yield os.pread(self._fd, PIECE_BYTES, offset)
        finally:
            self.close()

    def close(self) -> None:
        """Let the file go."""
        os.close(self._fd)
        self._files.note_closed()
