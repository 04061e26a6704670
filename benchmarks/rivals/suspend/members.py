"""COUNT APART: a tree of COUNT processes, of which APART have sessions of their own. A line says that all are there.

Each ends by itself after a minute: one that is lost must not slow down all that follow. Tests use it, too.
"""

from __future__ import annotations

import os
import sys
import time


def work() -> None:
    """A little, every 20 ms, for a minute at most."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.02)
    os._exit(0)


def be_many(count: int, apart: int) -> None:
    """Forks them, and waits until each is there."""
    told, tell = os.pipe()
    for number in range(1, count):
        if not os.fork():
            if number <= apart:
                os.setsid()
            os.write(tell, b".")
            work()
    there = 0
    while there < count - 1:
        there += len(os.read(told, 4096))


if __name__ == "__main__":
    be_many(int(sys.argv[1]), int(sys.argv[2]))
    print("all are there", flush=True)
    work()
