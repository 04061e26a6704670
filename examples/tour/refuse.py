"""Refuse to be ended politely."""

import signal
import time

signal.signal(signal.SIGTERM, lambda *_: print("SIGTERM? not me", flush=True))
print("I stay", flush=True)
while True:
    time.sleep(3600)
