"""The arrival note: which stream had grown how far at what time, in a small file beside the logs.

The logs are the truth and the note is derived: losing it loses times and the order between streams, never a byte.
It is a row of 24-byte records, each with a checksum, so a torn end or a damaged record costs only itself. It also
keeps the cuts made in bounded logs. It is bounded as they are, by a hole in its middle: what arrived in the time
noted there has the time of the next note. One writer at a time, any number of readers.
Not here: putting bytes and times together (``replay``), or when to write (``recorder``).
"""

import errno
import os
import struct
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Final, NamedTuple, Self

from procession.errors import StdioUnavailable
from procession.streams.log import Cut, LogFile, merge_cuts, open_regular

_RECORD: Final = struct.Struct("<QQHH")
_CHECKSUM: Final = struct.Struct("<I")
RECORD_BYTES: Final = _RECORD.size + _CHECKSUM.size

NOTE_LIMIT_BYTES: Final = 1 << 24
"""What a note may take on disk: 16 MiB are 700,000 notes, two hours of a stream that never rests."""

_READ_RECORDS: Final = 4096


class _Kind(IntEnum):
    ARRIVAL = 1
    CUT = 2


class Arrival(NamedTuple):
    """By ``time_ns`` (wall clock, nanoseconds since 1970) the log of ``stream`` reached up to ``end_offset``."""

    time_ns: int
    end_offset: int
    stream: int


class NotedCut(NamedTuple):
    """A range that was taken out of the log of ``stream``."""

    stream: int
    cut: Cut


class ArrivalNote:
    """The writing side; a context manager. Goes on after the last whole record of an existing note.

    The file is opened, and made, when the first record is written. ``limit_bytes`` bounds what it takes on disk; the
    cuts it remembers are never lost to that. Writing raises :class:`OSError` (ENOSPC, EDQUOT, EIO, or why the file
    cannot be opened) and then leaves the note as it was.
    """

    def __init__(self, path: str, limit_bytes: int = NOTE_LIMIT_BYTES) -> None:
        self.path = path
        self.is_bounded = True
        """False on a filesystem that cannot punch holes, where the note grows with the time it covers."""
        self._limit_bytes = limit_bytes
        self._file: LogFile | None = None
        self._size = self._bounded_end = 0
        self._cuts: dict[int, list[Cut]] | None = None

    def record(self, stream: int, end_offset: int, time_ns: int | None = None) -> None:
        """Note that ``stream`` (0 to 65,535) now ends at ``end_offset``; the time is now unless given."""
        file = self._file or self._open()
        self._append(file, time.time_ns() if time_ns is None else time_ns, end_offset, stream, _Kind.ARRIVAL)
        self._keep_bound(file)

    def record_cut(self, stream: int, cut: Cut) -> None:
        """Note that this range of ``stream``'s log is, or is about to be, removed."""
        file = self._file or self._open()
        self._append(file, cut.start, cut.end, stream, _Kind.CUT)
        cuts = self._remembered_cuts()
        cuts[stream] = merge_cuts([*cuts.get(stream, ()), cut])
        self._keep_bound(file)

    def close(self) -> None:
        """Give the descriptor back; the next record opens the file again. May be called again."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> LogFile:
        cuts = self._remembered_cuts()
        try:
            file = LogFile(self.path, self._limit_bytes)
        except StdioUnavailable as error:
            number = error.errno or errno.EIO
            raise OSError(number, os.strerror(number), self.path) from error
        try:
            self._trim(file)
            self._bounded_end = min(self._bounded_end, self._size)
            if not self._size:  # new, or somebody has removed it meanwhile
                self._append_cuts(file, cuts)
        except OSError:
            file.close()
            raise
        self._file, self.is_bounded = file, file.can_cut
        return file

    def _remembered_cuts(self) -> dict[int, list[Cut]]:
        if self._cuts is None:
            with NotedCuts(self.path) as noted:
                self._cuts = noted.all()
        return self._cuts

    def _keep_bound(self, file: LogFile) -> None:
        if self._size - self._bounded_end < self._limit_bytes // 8:
            return
        self._bounded_end = self._size
        if self._size > self._limit_bytes:
            # First the cuts again, at the end: the earlier records of them may lie in what goes.
            self._append_cuts(file, self._remembered_cuts())
            file.enforce()
            self.is_bounded = file.can_cut

    def _append_cuts(self, file: LogFile, cuts: Mapping[int, Iterable[Cut]]) -> None:
        for stream, removed in cuts.items():
            for cut in removed:
                self._append(file, cut.start, cut.end, stream, _Kind.CUT)

    def _append(self, file: LogFile, first: int, second: int, stream: int, kind: _Kind) -> None:
        body = _RECORD.pack(first, second, stream, kind)
        try:
            whole = os.write(file.fd, body + _CHECKSUM.pack(zlib.crc32(body))) == RECORD_BYTES
        except OSError:
            self._trim(file)
            raise
        if not whole:  # the disk became full inside the record: the next write would say so
            self._trim(file)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)
        self._size += RECORD_BYTES

    def _trim(self, file: LogFile) -> None:
        size = file.size()
        self._size = size - size % RECORD_BYTES
        if size != self._size:
            os.ftruncate(file.fd, self._size)


class NoteReader:
    """The reading side; a context manager. Also of a note that is being written, or does not exist yet.

    Damaged records and a torn end are passed over, as are kinds of records that a later version may add.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._offset = 0

    def read(self) -> Iterator[Arrival | NotedCut]:
        """Yield the records that were written since the last call. Raises :class:`OSError`, not for a missing file."""
        while data := self._read_whole_records():
            if data.count(0) == len(data):
                continue  # the hole of a bounded note
            for position in range(0, len(data), RECORD_BYTES):
                yield from _parse(data, position)

    def close(self) -> None:
        """Give the descriptor back. May be called again."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_whole_records(self) -> bytes:
        if self._fd is None:
            try:
                self._fd = open_regular(self._path, os.O_RDONLY)
            except FileNotFoundError:
                return b""
        data = os.pread(self._fd, _READ_RECORDS * RECORD_BYTES, self._offset)
        whole = len(data) - len(data) % RECORD_BYTES
        self._offset += whole
        return data[:whole]


class NotedCuts:
    """The cuts that a note remembers, by stream, kept up to date as it grows; a context manager."""

    def __init__(self, path: str) -> None:
        self._reader = NoteReader(path)
        self._cuts: dict[int, list[Cut]] = {}

    def of(self, stream: int) -> list[Cut]:
        """Return what was removed from the log of ``stream`` until now. Raises :class:`OSError`."""
        return self.all().get(stream, [])

    def all(self) -> dict[int, list[Cut]]:
        """Return what was removed from each log until now. Raises :class:`OSError`."""
        for record in self._reader.read():
            if isinstance(record, NotedCut):
                self._cuts[record.stream] = merge_cuts([*self._cuts.get(record.stream, ()), record.cut])
        return self._cuts

    def close(self) -> None:
        """Give the descriptor back. May be called again."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _parse(data: bytes, position: int) -> Iterator[Arrival | NotedCut]:
    first, second, stream, kind = _RECORD.unpack_from(data, position)
    (checksum,) = _CHECKSUM.unpack_from(data, position + _RECORD.size)
    if checksum != zlib.crc32(data[position : position + _RECORD.size]):
        return
    if kind == _Kind.ARRIVAL:
        yield Arrival(first, second, stream)
    elif kind == _Kind.CUT:
        yield NotedCut(stream, Cut(first, second))
