"""Says ready, then the name of every signal it gets, and ends for none of them."""

import os
import signal
import time


def report(number, _frame):
    os.write(1, f"{signal.Signals(number).name} {time.monotonic()}\n".encode())


for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(each, report)
reading, writing = os.pipe()
os.set_blocking(writing, False)
signal.set_wakeup_fd(writing)
os.write(1, b"ready\n")
while True:
    os.read(reading, 1)  # not pause(): a signal that comes just before it is slept through
