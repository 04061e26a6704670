"""A host that has no descriptor left while its job runs: the job is still known to live, and can be ended whole."""

import asyncio
import os
import resource

from procession import NULL, spawn


async def main():
    async with spawn(["sh", "-c", "sleep 60 & sleep 60"], stdout=NULL, stderr=NULL) as process:
        taken = []
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        ending = asyncio.ensure_future(process.terminate(0.2))
        await asyncio.sleep(0.5)
        for descriptor in taken:
            os.close(descriptor)
        outcome = await ending
        assert process.tree() == [], process.tree()
    print(outcome.kind.value)


_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
asyncio.run(main())
