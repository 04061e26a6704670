"""Burns so many seconds of CPU in itself, as many in a child it waits for, as many in a daemon that nobody waits for.

Argument: the seconds. Ends when the daemon has ended, too (it holds the write end of a pipe).
"""

import os
import sys
import time


def burn(seconds):
    while time.process_time() < seconds:
        pass


seconds = float(sys.argv[1])
reader, writer = os.pipe()
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(1), os.close(2), os.close(reader)
    burn(seconds)
    os._exit(0)
os.close(writer)
os.wait()
if not os.fork():
    burn(seconds)
    os._exit(0)
os.wait()
burn(seconds)
os.read(reader, 1)
