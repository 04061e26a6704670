"""Prints the size of its terminal, and again whenever SIGWINCH says that it changed; ends when it is told to."""

import os
import signal


def report(*_):
    columns, rows = os.get_terminal_size(0)
    os.write(1, b"%dx%d\n" % (columns, rows))


signal.signal(signal.SIGWINCH, report)
reading, writing = os.pipe()
os.set_blocking(writing, False)
signal.set_wakeup_fd(writing)
report()
while True:
    os.read(reading, 1)  # not pause(): a signal that comes just before it is slept through
