"""A host in a pid namespace of its own: a job's leader and its last member end, and at once a stranger has its number.

The stranger leads a session under that number. Then the job is terminated, before anybody looked at it again.
"""

import asyncio
import os
import signal
import sys

from procession import spawn
from procession.process.session_tree import SessionTree


async def main():
    async with spawn(["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!; exit 0"]) as process:
        await process.wait()
        assert isinstance(process._tree, SessionTree)
        member = int(await process.stdout.read())
        os.kill(member, signal.SIGKILL)  # we are the PID 1 of this namespace: it is ours to reap
        os.waitpid(member, 0)
        await asyncio.sleep(0.05)  # identities are told apart by the tick of their start
        stranger = start_with_pid(process.pid)
        process._tree._forked_at -= 3600
        await process.terminate(0.2)
        ended, status = os.waitpid(stranger, os.WNOHANG)
        print(f"the stranger was ended: {status}" if ended else "the stranger lives")
        if not ended:
            os.kill(stranger, signal.SIGKILL)
            os.waitpid(stranger, 0)


def start_with_pid(wanted):
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(wanted - 1))
    pid = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}, setsid=True)
    assert pid == wanted, (pid, wanted)
    return pid


if os.getpid() == 1:
    asyncio.run(main())
else:
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, *sys.argv]
    os.execvp(unshare[0], unshare)
