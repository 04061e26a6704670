"""Runs a program on a pty, says its pid, and is killed: what happens to the program is up to the kernel."""

import asyncio
import os
import signal
import sys

from procession import PTY, spawn


async def main():
    async with spawn(sys.argv[1:], stdin=PTY, stdout=PTY, stderr=PTY) as process:
        async for line in process.stdout.lines():
            print(line, flush=True)
            break
        os.kill(os.getpid(), signal.SIGKILL)


asyncio.run(main())
