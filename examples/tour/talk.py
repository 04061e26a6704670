"""Talk, a hundred lines a second, until somebody ends it."""

import itertools
import time

for number in itertools.count(1):
    print(f"and another thing, number {number}", flush=True)
    time.sleep(0.01)
