"""Usage: may_not_signal.py leader|descendant HOST_UID JOB_UID: a host without rights, with a job of another user.

Prints the pid that it may not signal, then `reported` if everything said so and nothing hung.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from procession import CannotSignal, State, spawn
from procession.process import ending

way, host_uid, job_uid = sys.argv[1], int(sys.argv[2]), sys.argv[3]
CHANGES = Path(__file__).with_name("changes_user.py")
ending.KILL_LIMIT_S = 0.5


async def main():
    process = await spawn([sys.executable, "-I", "-S", CHANGES, way, job_uid, str(host_uid)]).__aenter__()
    async for line in process.stdout.lines():
        pid = int(line)
        break
    print(pid, flush=True)
    os.setresuid(host_uid, host_uid, host_uid)
    assert pid in [member.pid for member in process.tree()]
    refuses(process, scope="tree")
    if way == "leader":
        await leader_lives_on(process)
    else:
        await descendant_lives_on(process, pid)
    print("reported", flush=True)


async def leader_lives_on(process):
    refuses(process, scope="leader")
    assert process.exit is None
    assert process.state is State.RUNNING
    for grace in (0.2, 0):
        began = time.monotonic()
        try:
            async with asyncio.timeout(5):
                outcome = await process.terminate(grace)
        except CannotSignal as error:
            refusal = error
        else:
            raise AssertionError(outcome)
        assert refusal.pid == process.pid, refusal
        assert time.monotonic() - began < 2.0
        assert process.exit is None
        assert process.tree() != []
    async with asyncio.timeout(5):
        await process.leave(by="user")


async def descendant_lives_on(process, pid):
    async with asyncio.timeout(5):
        outcome = await process.kill()
    assert process.exit.signal == 9, outcome
    assert outcome.survivors == (pid,), outcome
    assert str(pid) in outcome.message, outcome
    assert [member.pid for member in process.tree()] == [pid], process.tree()
    async with asyncio.timeout(5):
        await process.leave(by="user")


def refuses(process, scope):
    try:
        process.send_signal("WINCH", scope=scope)
    except CannotSignal as error:
        refusal = error
    else:
        raise AssertionError(scope)
    assert refusal.code == "cannot_signal"
    assert refusal.hint


asyncio.run(main())
