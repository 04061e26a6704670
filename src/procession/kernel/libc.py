"""Calls of the C library that Python has no name for, without the weight of `ctypes`: importing that costs 5 ms.

Only whole numbers of 32 bits, bytes and None can be passed. Not here: calls whose errno matters.
"""

from __future__ import annotations

try:
    import _ctypes
except ImportError:  # an interpreter built without it
    _library: int | None = None
else:
    _library = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # None is the program itself


def call_libc(name: str, *arguments: int | bytes | None) -> int:
    """Call the function; give what it returns, or -1 if there is no way to call it here."""
    if _library is None:
        return -1
    result: int = _ctypes.call_function(_ctypes.dlsym(_library, name), arguments)
    return result
