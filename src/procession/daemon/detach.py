"""Starts its arguments as a program that is nobody's child: own session, standard input from /dev/null.

Run as a program of its own (``python -I -S detach.py ARGUMENT…``), single-threaded, so that it may fork; prints the pid
of what it started. Not imported by anybody.
"""

import os
import sys


def main() -> None:
    """Fork; the child becomes the program, the parent says its number and ends."""
    pid = os.fork()
    if pid:
        print(pid, flush=True)  # noqa: T201 - that is its answer
        os._exit(0)
    os.setsid()
    os.dup2(2, 1)  # what the program prints goes where its complaints go
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
