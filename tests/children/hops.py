"""Usage: hops.py PAUSE_S: one that never stays: it forks, exits, and goes on in a session of its own, for ever.

For ever is 20 s here: if a test loses one, it must not slow down all that follow.
"""

import os
import sys
import time

pause_s = float(sys.argv[1])
print("ready", flush=True)
if os.fork():
    time.sleep(1000)
end = time.monotonic() + 20
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(pause_s)
