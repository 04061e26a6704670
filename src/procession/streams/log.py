"""A log file that a child writes itself, bounded on disk while it is being written.

The child appends through its own descriptor; nobody copies. To bound it, the middle is punched out of the live
file: the head and the tail stay, and so do size and every offset. The cuts are remembered here (and by whoever
passes ``cuts``), because a hole by itself does not say who made it.
Not here: when to enforce the bound (``recorder``), reading (``follow``), or the child's descriptor after the spawn.
"""

import contextlib
import errno
import os
import stat
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self

from procession.errors import StdioUnavailable
from procession.kernel.hole import Punch, punch_hole


class Cut(NamedTuple):
    """A range of bytes that we removed, from ``start`` up to and without ``end``."""

    start: int
    end: int


class LogFile:
    """An open log; a context manager. ``fd`` is for the child: append-only, close-on-exec.

    ``limit_bytes`` is what may stay on disk, or None for no bound; ``cuts`` are those of an earlier run;
    ``start_offset`` is where it ended when it was opened.
    A new file gets mode 0600 whatever the umask. Raises :class:`StdioUnavailable` for a symbolic link, for anything
    that is not a regular file, and when the system refuses to open it (``errno`` says why).
    """

    __slots__ = ("can_cut", "cuts", "fd", "limit_bytes", "path", "start_offset")

    def __init__(self, path: str, limit_bytes: int | None = None, *, cuts: Iterable[tuple[int, int]] = ()) -> None:
        if limit_bytes is not None and limit_bytes < 1:
            raise ValueError(f"the limit of a log must be at least 1 byte, got {limit_bytes}")
        self.path = path
        self.limit_bytes = limit_bytes
        self.cuts: list[Cut] = merge_cuts(cuts)
        self.fd, is_new = _open_for_append(path)
        self.start_offset = 0 if is_new else self.size()
        self.can_cut = limit_bytes is None or _can_punch(self.fd)

    def size(self) -> int:
        """Return the offset of the end in bytes, what was cut out included."""
        return os.fstat(self.fd).st_size

    def next_cut(self) -> Cut | None:
        """Return what :meth:`enforce` would remove now, or None if the log is within its bound."""
        if self.limit_bytes is None or not self.can_cut:
            return None
        facts = os.fstat(self.fd)
        block = facts.st_blksize
        head_end = -(-(self.limit_bytes // 2) // block) * block
        tail_start = (facts.st_size - self.limit_bytes // 2) // block * block
        start = _end_of_cut_at(self.cuts, head_end)
        return Cut(start, tail_start) if facts.st_size > self.limit_bytes and tail_start > start else None

    def enforce(self, before: Callable[[Cut], object] | None = None) -> Cut | None:
        """Bring the log within its bound, to a block at either edge; return what was removed now, if anything.

        As the log grows, later calls move the end of the hole on. ``before`` is told of the cut before it is made, to
        store it. On a filesystem that cannot punch holes, ``can_cut`` is False and nothing is removed.
        Raises :class:`OSError` as ``punch_hole`` does.
        """
        cut = self.next_cut()
        if cut is None:
            return None
        if before is not None:
            before(cut)
        # Remembered before it is done: a reader that looks between the two sees a gap, never zeros.
        cuts_before, self.cuts = self.cuts, merge_cuts([*self.cuts, cut])
        try:
            done = punch_hole(self.fd, cut.start, cut.end - cut.start) is Punch.DONE
        except OSError:
            self.cuts = cuts_before
            raise
        if not done:
            self.cuts, self.can_cut = cuts_before, False
        return cut if done else None

    def close(self) -> None:
        """Give the descriptor back; the child's own stays. May be called again."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def merge_cuts(cuts: Iterable[tuple[int, int]]) -> list[Cut]:
    """Return the same ranges in order, with those that touch or overlap made one, and empty ones left out."""
    merged: list[Cut] = []
    for start, end in sorted(cuts):
        if merged and start <= merged[-1].end:
            merged[-1] = Cut(merged[-1].start, max(end, merged[-1].end))
        elif end > start:
            merged.append(Cut(start, end))
    return merged


def open_regular(path: str, flags: int) -> int:
    """Open an existing regular file, never through a symbolic link, never waiting for a pipe's other end.

    Raises :class:`OSError`: ELOOP for a link, EINVAL for anything else that is not a regular file.
    """
    # O_NONBLOCK: a fifo laid in our way must not hold us up before we see what it is.
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        os.set_blocking(fd, True)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _open_for_append(path: str) -> tuple[int, bool]:
    """Give the descriptor, and whether the file was made now."""
    try:
        with contextlib.suppress(FileExistsError):
            return _create(path), True
        return open_regular(path, os.O_WRONLY | os.O_APPEND), False
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else (error.strerror or str(error)).lower()
        raise StdioUnavailable(
            f"cannot log to {path!r}: {reason}",
            hint="give the path of a regular file, or of one that does not exist yet in a directory that does",
            stream="log",
            path=path,
            errno=error.errno,
        ) from error


def _create(path: str) -> int:
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.fchmod(fd, 0o600)
    return fd


def _can_punch(fd: int) -> bool:
    facts = os.fstat(fd)
    try:  # far beyond the end there is nothing to remove, so asking does no harm
        return punch_hole(fd, facts.st_size + (1 << 30), facts.st_blksize) is Punch.DONE
    except OSError:
        return True  # it can, but not there: let the real attempt decide


def _end_of_cut_at(cuts: list[Cut], offset: int) -> int:
    index = bisect_right(cuts, (offset, float("inf"))) - 1
    return max(offset, cuts[index].end) if index >= 0 else offset
