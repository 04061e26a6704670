"""Start a daemon in the classical way (fork, new session, fork), and end well without it."""

import os
import sys
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(f"daemon {os.getpid()}: I mean to stay for an hour", flush=True)
        time.sleep(3600)
    os._exit(0)
os.wait()
time.sleep(0.2)
print("my daemon is on its way; I am done")
sys.exit(0)
