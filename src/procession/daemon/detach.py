"""Starts its arguments as a program that is nobody's child: own session, standard input from /dev/null.

Run as a program of its own (``python -I -S detach.py GROUP ARGUMENT…``), single-threaded, so that it may fork; prints
the pid of what it started. GROUP is the control group it is to live in; empty: ours. Not imported by anybody.
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
    if sys.argv[1]:
        move_to(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])


def move_to(group: str) -> None:
    """Leave the task that we were started from; where we may not, that is said in the log, and we end with it."""
    try:
        with open(f"{group}/cgroup.procs", "wb", buffering=0) as procs:
            procs.write(b"0")
    except OSError as error:
        sys.stderr.write(f"the daemon ends with the task that started it: cannot move to {group}: {error.strerror}\n")


if __name__ == "__main__":
    main()
