"""The same task as ``work.c``, for a machine without a compiler: `work KEY NUMBER`. Slower to start, larger, as exact.

Run as a program of its own with nothing but the standard library; what it does is told in ``work.c``.
"""

import fcntl
import mmap
import os
import signal
import struct
import sys
import time
from typing import BinaryIO

ATTEMPTS = 32
ATTEMPT = struct.Struct("=5Q")
COUNT = struct.Struct("=Q")
PLACE_BYTES = COUNT.size + ATTEMPTS * ATTEMPT.size
SLICE_S = 0.01
BESIDE = os.path.dirname(os.path.abspath(sys.argv[0]))


def main() -> None:
    """Find the plan's line, begin an attempt, do it."""
    number = int(sys.argv[2])
    plan = read_plan(number)
    with open(f"{BESIDE}/journal", "r+b") as file, mmap.mmap(file.fileno(), 0) as journal:
        work(plan, journal, begin_attempt(file, journal, number), time.monotonic_ns())


def read_plan(number: int) -> list[float]:
    """Duration in seconds, cores, bytes at first and at last, and the shares of the run between which they grow."""
    with open(f"{BESIDE}/plan") as file:
        signal.alarm(int(file.readline()))
        for line in file:
            found, *plan = line.split()
            if int(found) == number:
                return [float(each) for each in plan]
    sys.exit(2)


def begin_attempt(file: BinaryIO, journal: mmap.mmap, number: int) -> int:
    """Take the next free place of this task, and give its offset."""
    at = number * PLACE_BYTES
    fcntl.flock(file, fcntl.LOCK_EX)
    (turn,) = COUNT.unpack_from(journal, at)
    COUNT.pack_into(journal, at, turn + 1)
    fcntl.flock(file, fcntl.LOCK_UN)
    if turn >= ATTEMPTS:
        sys.exit(3)
    return int(at + COUNT.size + turn * ATTEMPT.size)


def work(plan: list[float], journal: mmap.mmap, place: int, started_ns: int) -> None:
    """Slice by slice, each noted."""
    duration_s, cores, base, peak, rise_from, rise_to = plan
    memory = mmap.mmap(-1, int(peak) + 4096)
    done, touched = 0.0, 0
    while done < 1:
        share = min(SLICE_S / duration_s, 1 - done)
        begun_s, cpu_s = time.monotonic(), time.process_time()
        rising = (done + share - rise_from) / max(rise_to - rise_from, 1e-9)
        wanted = base + (peak - base) * min(max(rising, 0), 1)
        while touched < wanted:
            memory[touched] = 1
            touched += 4096
        while time.process_time() < cpu_s + share * duration_s * cores:
            pass
        time.sleep(max(0, begun_s + share * duration_s - time.monotonic()))
        done = done + share if done + share < 1 - 1e-9 else 1.0
        noted = (time.monotonic_ns(), time.process_time_ns(), int(done * 1e6), int(done == 1))
        ATTEMPT.pack_into(journal, place, started_ns, *noted)


main()
