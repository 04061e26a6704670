"""A leader with two children, each in a process group of its own; says ready and waits."""

import os
import time

for _ in range(2):
    pid = os.fork()
    if not pid:
        time.sleep(1000)
    os.setpgid(pid, 0)
print("ready", flush=True)
time.sleep(1000)
