"""Descriptors 0, 1 and 2 are open, always: a socket or a log must never get the number of a standard stream."""

from __future__ import annotations

import os


def open_missing_streams() -> None:
    """Connect each closed standard stream to the null device. Call it before anything else is opened."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
