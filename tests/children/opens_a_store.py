"""Opens the store named as somebody without root's rights, and prints why that is refused."""

import os
import sys

from procession.errors import StoreUnavailable
from procession.store.store import Store


def main() -> None:
    if os.geteuid() == 0:
        give_up_rights(sys.argv[1])
    try:
        Store(sys.argv[1])
    except StoreUnavailable as error:
        print(error.reason)


def give_up_rights(path: str) -> None:
    """Stay who owns the file, without the right to override modes."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capset")


main()
