"""Pseudo-terminals: opening one and giving it a size. Source: pty(7), tty_ioctl(4)."""

from __future__ import annotations

import fcntl
import os
import struct
import termios

SIZE_LIMIT = 65535


def open_terminal(columns: int, rows: int) -> tuple[int, int]:
    """Open a pseudo-terminal of that size: (ours, the child's), both close-on-exec. Raises: OSError, ValueError."""
    check_size(columns, rows)
    master, slave = os.openpty()
    set_size(master, columns, rows)
    return master, slave


def set_size(descriptor: int, columns: int, rows: int) -> None:
    """Give the terminal a size; the kernel sends SIGWINCH to its foreground group. Raises: ValueError, OSError."""
    check_size(columns, rows)
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def check_size(columns: int, rows: int) -> None:
    """Refuse what the kernel would silently wrap. Raises: ValueError."""
    for name, value in (("columns", columns), ("rows", rows)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= SIZE_LIMIT:
            message = f"{name} must be a whole number from 1 to {SIZE_LIMIT}, got {value!r}"
            raise ValueError(message)
