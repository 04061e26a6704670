"""In a pid namespace of its own: a tree's leader ends, a member lives on, and a stranger gets the leader's number.

Says how many members are seen before and after; the stranger leads a session, and has a child in it.
"""

import os
import signal
import subprocess
import sys
import time

from procession.kernel.proc import read_stat
from procession.kernel.process_table import ProcessTable, Root

# The kernel gives no number anew that is still the name of a session: the member that lives on has left it.
TWO = "setsid sh -c 'echo; exec sleep 1000' & "


def main():
    leader = subprocess.Popen(["sh", "-c", TWO + "wait"], stdout=subprocess.PIPE, start_new_session=True)
    leader.stdout.readline()
    born_ticks = read_stat(leader.pid).start_ticks
    roots = {"pinned at the first look": Root(leader.pid)}
    told = {"told when it was born": Root(leader.pid, born_ticks=born_ticks)}
    table, late = ProcessTable(), ProcessTable()
    before = len(table.look(roots)["pinned at the first look"].pids)
    leader.kill()
    leader.wait()
    time.sleep(0.05)  # identities are told apart by the tick of their start
    stranger = start_with_pid(leader.pid)
    seen = table.look(roots)
    print(before, *(len(seen[key].pids) for key in seen), len(late.look(told)))
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        if pid != os.getpid():
            os.kill(pid, signal.SIGKILL)
    stranger.wait()
    stranger.stdout.close()
    leader.stdout.close()


def start_with_pid(wanted):
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(wanted - 1))
    stranger = subprocess.Popen(["sh", "-c", TWO + "wait"], stdout=subprocess.PIPE, start_new_session=True)
    assert stranger.pid == wanted, (stranger.pid, wanted)
    stranger.stdout.readline()
    return stranger


if os.getpid() == 1:
    main()
else:
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, *sys.argv]
    os.execvp(unshare[0], unshare)
