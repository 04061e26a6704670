"""Exits that nobody has acknowledged: in memory always, and on disk where a journal is kept.

A record is appended before the exit is told. A disk that is full loses nothing of what is in memory: what could not be
written is tried again with the next exit, acknowledgement or greeting. Not synced: what a crash of the machine takes
was running on it (docs/design/keeper.md).
"""

from __future__ import annotations

import os

from procession.wire.exits import RECORD_BYTES, Exit, pack_record, unpack_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_COMPACT_BYTES = 1 << 20


class Journal:
    """All unacknowledged exits, in order of ``seq``."""

    def __init__(self, path: str | None, move_high: Callable[[int], int]) -> None:
        """Read what an earlier keeper left, up to a record that is not whole. Raises: OSError."""
        self.unacked: dict[int, Exit] = {}
        self._seq_of: dict[int, int] = {}
        self._path = path
        self._fd = -1
        self._size_bytes = 0
        self._unwritten: list[Exit] = []
        if path is not None:
            self._fd = move_high(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._read()
        self._last_seq = max(self.unacked, default=0)

    def next_seq(self) -> int:
        """Give the number of the next exit."""
        self._last_seq += 1
        return self._last_seq

    def find(self, key: int) -> Exit | None:
        """Give the unacknowledged exit of a task, if there is one."""
        seq = self._seq_of.get(key)
        return None if seq is None else self.unacked[seq]

    def add(self, exits: list[Exit]) -> None:
        """Keep them, on disk if it can be."""
        self._remember(exits)
        if self._fd >= 0:
            self._unwritten += exits
            self.write()

    def ack(self, seq: int) -> None:
        """Forget the exits up to ``seq``."""
        while self.unacked and (first := next(iter(self.unacked))) <= seq:
            self._seq_of.pop(self.unacked.pop(first).key, None)
        if self._fd < 0:
            return
        self._unwritten = [each for each in self._unwritten if each.seq > seq]
        self.write()
        if not self.unacked:
            self._truncate(0)
        elif self._size_bytes > max(_COMPACT_BYTES, 4 * RECORD_BYTES * len(self.unacked)):
            self._compact()

    def write(self) -> None:
        """Append what has not been written yet; what cannot be is kept for the next time."""
        if not self._unwritten:
            return
        data = b"".join(map(pack_record, self._unwritten))
        try:
            written = os.pwrite(self._fd, data, self._size_bytes)
        except OSError:
            return
        whole = written // RECORD_BYTES
        self._size_bytes += whole * RECORD_BYTES
        del self._unwritten[:whole]
        if written % RECORD_BYTES:
            self._truncate(self._size_bytes)

    def _read(self) -> None:
        data = bytearray()
        while chunk := os.read(self._fd, 1 << 20):
            data += chunk
        exits = unpack_records(bytes(data))
        self._remember(exits)
        self._truncate(len(exits) * RECORD_BYTES)

    def _remember(self, exits: list[Exit]) -> None:
        self.unacked.update((each.seq, each) for each in exits)
        self._seq_of.update((each.key, each.seq) for each in exits)

    def _truncate(self, size_bytes: int) -> None:
        """Cut the file; if that fails the next record overwrites what is beyond, or it is cut when it is read."""
        self._size_bytes = size_bytes
        try:
            os.ftruncate(self._fd, size_bytes)
        except OSError:
            return

    def _compact(self) -> None:
        """Write the journal anew with what is still needed, and put it in the old one's place, or leave that."""
        data = b"".join(map(pack_record, self.unacked.values()))
        beside = f"{self._path}.new"
        try:
            fd = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            if os.write(fd, data) != len(data):
                raise OSError
            os.rename(beside, f"{self._path}")
        except OSError:
            os.close(fd)
            return
        os.dup2(fd, self._fd, inheritable=False)
        os.close(fd)
        self._size_bytes, self._unwritten = len(data), []
