"""Two programs by turns: one with a handler for USR1, and the one it execs, without. For 60 s at most.

Each writes a byte into ``turns``, so that it is seen that they go on; the handler one into ``heard``.
"""

import os
import signal
import sys
import time

end = float(sys.argv[1]) if len(sys.argv) > 1 else time.time() + 60
if len(sys.argv) <= 2:
    heard = os.open("heard", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
    signal.signal(signal.SIGUSR1, lambda *_: os.write(heard, b"."))
    time.sleep(0.003)
with open("turns", "ab") as turns:
    turns.write(b".")
if time.time() < end:
    other = ["without"] if len(sys.argv) <= 2 else []
    os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, str(end), *other])
