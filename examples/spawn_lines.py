"""A running process: its lines as they come, writing to it, and its end with the whole tree."""

import asyncio

from procession import PIPE, spawn

PROGRAM = "for i in 1 2 3; do echo out $i; echo err $i >&2; sleep 0.05; done"


async def main() -> None:
    """Read both streams in order of arrival; then hold a conversation; then end somebody."""
    async with spawn(["sh", "-c", PROGRAM]) as process:
        async for line in process.lines():
            print(f"{line.stream}: {line.text}")
    print("ended:", process.outcome.kind.value)

    async with spawn(["tr", "a-z", "A-Z"], stdin=PIPE) as process:
        await process.stdin.write(b"louder, please\n")
        await process.stdin.close()
        print("answer:", (await process.stdout.read()).decode().strip())

    async with spawn(["sh", "-c", "sleep 60 & sleep 60 & echo ready; wait"]) as process:
        await anext(process.lines())
        print("processes in the tree:", len(process.tree()))
    print("after the block:", process.outcome.kind.value, "- left:", len(process.tree()))


if __name__ == "__main__":
    asyncio.run(main())
