"""Many commands in a pool: results as they come, in order, and from a plain script."""

import asyncio

from procession import BlockingPool, Pool


async def main() -> None:
    """Run commands at most three at once; a failure is a result like any other."""
    commands = (["sh", "-c", f"echo item {n}; exit {n == 3:d}"] for n in range(6))
    async with Pool(3) as pool:
        single = pool.submit(["echo", "one for itself"])
        async for result in pool.map(commands):
            print(result.stdout.strip(), "->", result.outcome.message)
        print((await single).stdout.strip())


def blocking() -> None:
    """Do the same without an event loop."""
    with BlockingPool() as pool:
        total = sum(int(result.stdout) for result in pool.map(["expr", str(n), "*", "2"] for n in range(1, 11)))
    print("sum:", total)


if __name__ == "__main__":
    asyncio.run(main())
    blocking()
