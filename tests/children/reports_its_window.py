"""Prints the size of its terminal, and again whenever SIGWINCH says that it changed; ends when it is told to."""

import os
import signal


def report(*_):
    columns, rows = os.get_terminal_size(0)
    os.write(1, b"%dx%d\n" % (columns, rows))


signal.signal(signal.SIGWINCH, report)
report()
while True:
    signal.pause()
