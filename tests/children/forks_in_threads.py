"""A host whose threads start strangers while it starts and kills jobs; in the end all strangers must live."""

import asyncio
import os
import signal
import threading

from procession import spawn

STRANGERS = 60
strangers = []
done = threading.Event()


def start_strangers():
    while len(strangers) < STRANGERS and not done.is_set():
        strangers.append(os.posix_spawn("/bin/sleep", ["sleep", "1000"], dict(os.environ)))
        done.wait(0.001)


async def main():
    threads = [threading.Thread(target=start_strangers) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        await start_jobs(threads)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        ended = end_strangers()
    print(f"{ended} strangers were killed" if ended else "all strangers live")


async def start_jobs(threads):
    jobs = 0
    while any(thread.is_alive() for thread in threads) or jobs < 40:
        async with spawn(["sleep", "1000"]) as process:
            assert [member.pid for member in process.tree()] == [process.pid], process.tree()
            await process.kill()
        jobs += 1


def end_strangers():
    ended = [pid for pid in strangers if os.waitpid(pid, os.WNOHANG)[0]]
    for pid in set(strangers) - set(ended):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return len(ended)


asyncio.run(main())
