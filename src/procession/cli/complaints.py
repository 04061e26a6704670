"""How the command line says what is wrong or worth knowing: on stderr, one sentence, and what to do about it."""

from __future__ import annotations

import contextlib
import os
import sys

from procession.cli.text import show_safely


def complain(sentence: str, hint: str = "") -> None:
    """Write an error and its hint."""
    _write(f"procession: error: {show_safely(sentence)}" + (f"\n  hint: {show_safely(hint)}" if hint else ""))


def remark(sentence: str) -> None:
    """Write something worth knowing that is no error."""
    _write(f"procession: {show_safely(sentence)}")


def is_debugging() -> bool:
    """Whether tracebacks were asked for."""
    return os.environ.get("PROCESSION_DEBUG", "") not in ("", "0")


def _write(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens on stderr: there is no better place to say it
        print(text, file=sys.stderr, flush=True)
