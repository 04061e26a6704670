"""renameat2(2) with RENAME_NOREPLACE: giving a file another name, one that nobody has.

Works on whatever stands there, links and directories included, and follows none.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final

_AT_FDCWD: Final = -100
_NOREPLACE: Final = 0x1
_CANNOT: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})

_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def rename_anew(old: str, new: str) -> None:
    """Rename ``old`` to ``new``. Raises: FileExistsError: that name is taken; OSError: it cannot be."""
    if _renameat2 is not None:
        if _renameat2(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), _NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _CANNOT:
            raise OSError(number, os.strerror(number), old, None, new)
    # Not every file system can. Then there is an instant in which another one might take the name.
    if os.path.lexists(new):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), old, None, new)
    os.rename(old, new)
