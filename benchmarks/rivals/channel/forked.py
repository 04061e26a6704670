"""Procession's `fork`: messages there and back. Arguments: how many, their size, how (depth1, pipelined), the child."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from benchmarks.rivals.harness import measure_async
from procession import Worker, fork

WARM_UP = 200


def main() -> None:
    """One after another, or as fast as they are taken."""
    amount, size, how, child = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    message = {"text": "x" * (size - len('{"text":""}'))}
    go = take_turns if how == "depth1" else pour

    async def work(n: int, worker: Worker) -> int:
        return await go(worker, message, n)

    measure_async(work, amount, WARM_UP, lambda: fork(Path(__file__).with_name(child)))


async def take_turns(worker: Worker, message: Any, n: int) -> int:
    """Each answer is waited for."""
    count = 0
    messages = worker.messages()
    for _ in range(n):
        await worker.send(message)
        count += await anext(messages) == message
    return count


async def pour(worker: Worker, message: Any, n: int) -> int:
    """All are sent as fast as they are taken, while the answers come."""
    sending = asyncio.ensure_future(send_all(worker, message, n))
    count = 0
    async for answer in worker.messages():
        count += answer == message
        if count == n:
            break
    await sending
    return count


async def send_all(worker: Worker, message: Any, n: int) -> None:
    """Waits where it must."""
    for _ in range(n):
        await worker.send(message)


main()
