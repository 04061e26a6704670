"""Says that it is ready, and ignores SIGTERM until SIGKILL comes."""

import signal
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True:
    time.sleep(1000)
