"""Usage: forks_for_ever.py PAUSE_S: forks children without end, each in a session of its own, which live a moment.

Without end is 20 s here: if a test loses one, it must not slow down all that follow.
"""

import os
import signal
import sys
import time

pause_s = float(sys.argv[1])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
end = time.monotonic() + 20
while time.monotonic() < end:
    if not os.fork():
        os.setsid()
        time.sleep(0.3)
        os._exit(0)
    time.sleep(pause_s)
