"""Leaving the user's terminal as it was found: a program that dies of a signal does not set it right itself.

A shell does the same for its own jobs; here the shell sees only us, ending with a number.
"""

from __future__ import annotations

import termios
from contextlib import suppress
from typing import Any

from procession.cli.job_control import is_in_foreground


class TerminalModes:
    """The modes of the terminal on ``fd``, as they are now; nothing where there is none, or it is not ours."""

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._modes: Any = None
        if is_in_foreground(fd):
            with suppress(termios.error):
                self._modes = termios.tcgetattr(fd)

    def restore(self) -> None:
        """Put them back, if the terminal is still ours."""
        if self._modes is not None and is_in_foreground(self._fd):
            with suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._modes)
