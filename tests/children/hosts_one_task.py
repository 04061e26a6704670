"""Usage: hosts_one_task.py in_process|keeper end|keep: hosts a task, until its standard input ends.

Prints the pid of a descendant of the task: with `end` its leader waits for that, with `keep` the leader has ended.
"""

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

from procession import Keeper, Log, Supervisor, shell

SCRIPTS = {"end": "sleep 1000 & echo $!; wait", "keep": "sleep 1000 >/dev/null 2>&1 & echo $!"}


async def host(mode, descendants):
    async with contextlib.AsyncExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "log"
        keeper = await stack.enter_async_context(Keeper(grace_s=0.2)) if mode == "keeper" else None
        supervisor = await stack.enter_async_context(Supervisor(keeper=keeper))
        task = shell(SCRIPTS[descendants]).replace(stdout=Log(str(log)), descendants=descendants)
        id_ = supervisor.submit(task)
        if descendants == "keep":
            await supervisor.wait(id_)
        while not (log.exists() and log.read_text()):
            await asyncio.sleep(0.01)
        print(log.read_text().strip(), flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(host(*sys.argv[1:]))
