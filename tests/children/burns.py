"""A tree that burns: the leader, a member of its group and an escapee (setsid), and a slow forker beside them.

Prints the pids of the three burners once they burn.
"""

import os
import signal
import time

LIFE_S = 20


def burn():
    end = time.monotonic() + LIFE_S
    while time.monotonic() < end:
        pass
    os._exit(0)


def burner(escapes):
    pid = os.fork()
    if not pid:
        if escapes:
            os.setsid()
        burn()
    return pid


def fork_slowly():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        if not os.fork():
            time.sleep(0.05)
            os._exit(0)
        time.sleep(0.01)


os.nice(10)
pids = [os.getpid(), burner(escapes=False), burner(escapes=True)]
if not os.fork():
    fork_slowly()
print(*pids, flush=True)
burn()
