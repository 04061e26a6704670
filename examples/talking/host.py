"""Runs four programs that speak in four ways, and shows what each of them says. See docs/guide/talking.md."""

import asyncio
import tempfile
from pathlib import Path

from procession import ByNotice, Supervisor, fork, wait_marker

HERE = Path(__file__).parent


async def main() -> None:
    """Let each of them speak."""
    async with fork(HERE / "counts.py") as worker:
        await worker.send({"texts": ["two words", "and three more"]})
        async for message in worker.messages():
            print("python:", message, await worker.request("how many so far?", timeout=10))
            break
        await worker.disconnect()
        await worker.wait()

    async with fork(HERE / "reverses.mjs") as worker:
        messages = worker.messages()
        print("node: hello,", "hello" in await anext(messages))
        await worker.send({"text": "stressed"})
        print("node:", await anext(messages), await worker.request("straw", timeout=10))
        await worker.disconnect()
        await worker.wait()

    with tempfile.TemporaryDirectory() as markers:
        async with Supervisor(markers=markers) as supervisor:
            supervisor.subscribe(show)
            supervisor.submit(["sh", HERE / "bakes.sh"], name="bakes")
            print("shell: done,", (await wait_marker("bakes", directory=markers)).result)
            await supervisor.wait("bakes")

    async with Supervisor() as supervisor:
        supervisor.submit(["python3", HERE / "serves.py"], name="service", ready=ByNotice(), ready_timeout_s=30)
        print("service:", (await supervisor.wait_ready("service")).status)
        ended = await supervisor.stop("service")
        print("service:", ended.status)


def show(event: object) -> None:
    """Print what was said."""
    if getattr(event, "name", "") == "notified":
        print("shell:", *(f"{name}={value}" for name, value in event.fields.items()))


if __name__ == "__main__":
    asyncio.run(main())
