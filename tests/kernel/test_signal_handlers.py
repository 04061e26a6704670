"""Whether a program would survive a signal, as the kernel tells."""

import os
import signal
import subprocess
import sys

from procession.kernel.signal_handlers import catches


def test_who_has_a_handler_and_who_has_none():
    """Of this very process the kernel knows what was set; of one that is gone it knows nothing."""
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        assert catches(os.getpid(), signal.SIGUSR2) is True
    finally:
        signal.signal(signal.SIGUSR2, before)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert catches(child.pid, signal.SIGUSR1) is False
        child.communicate(b"\n")
    assert catches(child.pid, signal.SIGUSR1) is None


def test_who_ignores_a_signal_has_no_handler():
    """It would not die, but nor would it hear."""
    before = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    try:
        assert catches(os.getpid(), signal.SIGUSR2) is False
    finally:
        signal.signal(signal.SIGUSR2, before)
