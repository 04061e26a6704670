"""fallocate(2) with PUNCH_HOLE and KEEP_SIZE: giving back the middle of a file that others go on writing.

Size and offsets stay, the blocks go, and the range reads as zeros. Not here: which range (``streams.log``), and no
asking where holes are: SEEK_HOLE also finds those that a program made itself, so whoever punches must remember.
"""

import ctypes
import errno
import os
from enum import Enum
from typing import Final

_KEEP_SIZE: Final = 0x1
_PUNCH_HOLE: Final = 0x2
_CANNOT: Final = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.ENODEV, errno.ESPIPE})

_libc = ctypes.CDLL(None, use_errno=True)
# A 32-bit glibc has a 32-bit off_t under the plain name; musl has only the plain name, always 64-bit.
_fallocate = getattr(_libc, "fallocate64", None) or getattr(_libc, "fallocate", None)


class Punch(Enum):
    """How a request to punch a hole ended."""

    DONE = "done"
    NOT_SUPPORTED = "not supported"
    """This filesystem, file type or system cannot: nothing was changed, and asking again will not help."""


def punch_hole(fd: int, start: int, length: int) -> Punch:
    """Give back bytes ``start`` to ``start + length`` of the file open for writing as ``fd``.

    Whole blocks are freed, the edges are zeroed. Raises :class:`OSError` for everything but "cannot": EBADF when not
    open for writing, EINVAL for an empty or negative range, EIO, EPERM for a sealed or immutable file.
    """
    if _fallocate is None:
        return Punch.NOT_SUPPORTED
    while True:
        arguments = ctypes.c_int64(start), ctypes.c_int64(length)
        if _fallocate(fd, _KEEP_SIZE | _PUNCH_HOLE, *arguments) == 0:
            return Punch.DONE
        number = ctypes.get_errno()
        if number in _CANNOT:
            return Punch.NOT_SUPPORTED
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number))
