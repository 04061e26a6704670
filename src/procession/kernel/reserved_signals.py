"""The two signals that the C library keeps for itself, which a starter may have left ignored.

posix_spawn(3) of glibc starts programs so (docs/design/gotchas.md, "glibc's posix_spawn leaves signal 32 ignored").
No function of the C library or of Python reaches them, only the bare call does.
"""

from __future__ import annotations

import os

from procession.kernel.files import read_file
from procession.kernel.libc import call_libc

_RESERVED = (32, 33)
_RT_SIGACTION = {"x86_64": 13, "aarch64": 134}
_SIGACTION_BYTES = 64


def reset_reserved_signals() -> None:
    """Give them their default action again if they are ignored."""
    _, _, rest = read_file("/proc/self/status").partition(b"\nSigIgn:\t")
    ignored = int(rest.partition(b"\n")[0] or b"0", 16)
    number_of_call = _RT_SIGACTION.get(os.uname().machine)
    for number in _RESERVED:
        if number_of_call is not None and ignored >> (number - 1) & 1:
            call_libc("syscall", number_of_call, number, bytes(_SIGACTION_BYTES), None, 8)
