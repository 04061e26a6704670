"""Prints exactly so many bytes, a pattern that betrays loss and disorder, in as few writes as it can; then is gone.

Arguments: how many to standard output, and how many to standard error.
"""

import os
import sys

PERIOD = bytes(range(251))
BLOCK = PERIOD * 4096

for stream, size in enumerate(map(int, sys.argv[1:]), start=1):
    done = 0
    while done < size:
        start = done % len(PERIOD)
        done += os.write(stream, memoryview(BLOCK)[start : start + min(size - done, 1 << 19)])
os._exit(0)
