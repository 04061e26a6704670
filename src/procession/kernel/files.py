"""Small reads and writes of kernel files, which come and go under our hands."""

from __future__ import annotations

import os

from procession.kernel.oserrors import OUT_OF_DESCRIPTORS


def read_file(path: str) -> bytes:
    """Read a whole kernel file; nothing if it is gone, goes while reading, or cannot be seen by us (now)."""
    try:
        return read_surely(path)
    except OSError:
        return b""


def read_surely(path: str) -> bytes:
    """Read it too, but never mistake having no descriptor left for an empty file. Raises: OSError: EMFILE, ENFILE."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in OUT_OF_DESCRIPTORS:
            raise
        return b""
    try:
        chunks = []
        while chunk := os.read(descriptor, 65536):
            chunks.append(chunk)
        return b"".join(chunks)
    except OSError:  # ESRCH, ENODEV: its object ended between open and read
        return b""
    finally:
        os.close(descriptor)


def write_file(path: str, data: bytes) -> None:
    """Write once to a kernel file. Raises: OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
