"""Usage: changes_user.py leader UID | descendant UID OWN_UID: becomes another user, or its child does.

Prints the pid of who changed.
"""

import os
import sys
import time


def become(uid):
    os.setresuid(uid, uid, uid)


if sys.argv[1] == "descendant" and os.fork():
    become(int(sys.argv[3]))
    time.sleep(1000)
become(int(sys.argv[2]))
print(os.getpid(), flush=True)
time.sleep(1000)
