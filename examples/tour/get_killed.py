"""Die of SIGKILL in the middle of a line, as if the kernel had run out of memory and chosen this one."""

import os
import signal

print("loading the whole book into memory")
print("and now into", end="", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
