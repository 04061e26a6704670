"""The circumstances of a process, read without changing them."""

import os
import subprocess
import sys

from procession.client.context import capture_context


def test_the_mask_is_read_and_not_changed():
    """A process with another mask tells it, and still has it."""
    code = (
        "import os; os.umask(0o027); os.nice(3); from procession.client.context import capture_context; "
        "c = capture_context(); print(oct(c.umask), c.nice, oct(os.umask(0)))"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout

    assert shown == f"0o27 {os.getpriority(os.PRIO_PROCESS, 0) + 3} 0o27\n"


def test_a_variable_that_is_no_text_stays_here(monkeypatch):
    """JSON cannot carry it; the others go."""
    monkeypatch.setitem(os.environb, b"RAW", b"\xff")
    monkeypatch.setenv("PLAIN", "é")

    variables = capture_context().env

    assert "RAW" not in variables
    assert variables["PLAIN"] == "é"
