"""Usage: never_reaps.py COMMAND…: adopts every orphan below it (subreaper) and reaps none but COMMAND.

Plays the PID 1 that does not do its work.
"""

import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36

if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
    sys.exit("cannot become a subreaper")
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], dict(os.environ))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
