"""Usage: starts_a_daemon_at_once.py PIDFILE: a daemon of its own is its first act; then it waits."""

import os
import sys
import time

if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(1000)
