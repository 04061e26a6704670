"""Says hi and ends at once; a grandchild stays behind that holds the output open, and speaks up later.

Arguments: after how many seconds it speaks, and for how many it stays after that.
"""

import os
import signal
import sys
import time

signal.signal(signal.SIGPIPE, signal.SIG_IGN)
os.write(1, b"hi\n")
if os.fork():
    os._exit(0)
time.sleep(float(sys.argv[1]))
try:
    os.write(1, b"late\n")
finally:
    time.sleep(float(sys.argv[2]))
