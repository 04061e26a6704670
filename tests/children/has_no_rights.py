"""Usage: has_no_rights.py never|no more UID: a host under another user, in a control group that it may not write.

`no more`: it had the right once, and has made its directory then.
"""

import asyncio
import os
import sys

from procession import run, run_blocking, spawn

if sys.argv[1] == "no more":
    assert run_blocking(["true"]).ok
os.setresuid(*[int(sys.argv[2])] * 3)


async def main():
    async with spawn(["sh", "-c", "setsid sleep 1000 & sleep 1000"]) as process:
        assert not process.is_tree_exact
        await asyncio.sleep(0.1)
        assert len(process.tree()) == 3, process.tree()
        await process.kill()
    assert process.tree() == []
    assert (await run(["echo", "well"], cwd="/")).stdout == "well\n"
    print("by session")


asyncio.run(main())
