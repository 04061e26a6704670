"""Usage: keeps_a_descendant.py returns|SIGTERM|SIGKILL: a host keeps a descendant and ends that way."""

import os
import signal
import sys

from procession import run_blocking

pid = os.fork()
if pid:
    os.waitpid(pid, 0)
    sys.exit(0)
result = run_blocking(["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"], descendants="keep")
print(result.stdout, end="", flush=True)
if sys.argv[1] != "returns":
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
