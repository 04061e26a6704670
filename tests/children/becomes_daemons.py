"""Usage: becomes_daemons.py COUNT [clear]: starts daemons (setsid, double fork; `clear`: with an empty environment).

Prints the pid of each once it is one, then waits for ever.
"""

import os
import sys
import time

NAP = ["/bin/sleep", "1000"]


def daemonize(report):
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.write(report, b"%d\n" % os.getpid())
    devnull = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(devnull, stream)
    os.execve(NAP[0], NAP, {} if "clear" in sys.argv else dict(os.environ))


count = int(sys.argv[1])
read_end, write_end = os.pipe()
for _ in range(count):
    daemonize(write_end)
    os.wait()
os.close(write_end)
with open(read_end) as reports:
    pids = reports.read().split()  # the exec closes the other end: each of them is a daemon now
print(*pids, flush=True)
time.sleep(1000)
