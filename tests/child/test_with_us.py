"""`procession.child` as the child of our own `fork`."""

import asyncio

import pytest

from procession import RequestRefused, fork

ECHO = """
from procession import child
for message in child.messages():
    if isinstance(message, child.Request):
        message.refuse("no") if message.body == "refuse" else message.answer(message.body)
    elif message == "ask":
        child.send(["answer", child.request("what?")])
    else:
        child.send(message)
"""

ASYNC = """
import asyncio
from procession.child import aio as child
async def main():
    ticks = asyncio.ensure_future(tick())
    async for message in child.messages():
        if isinstance(message, child.Request):
            message.answer([await child.request(n, timeout=10) for n in range(3)])
        else:
            child.send(message)
    ticks.cancel()
async def tick():
    while True:
        await asyncio.sleep(0.001)
asyncio.run(main())
"""

SAVES = """
from procession import child
child.on_checkpoint(lambda wish: child.send({"saving": wish}))
import time
child.send("ready")
time.sleep(60)
"""


@pytest.mark.parametrize("program", [ECHO, ASYNC], ids=["plain", "asyncio"])
async def test_ten_thousand_messages_each_way(program):
    """Ten thousand messages there and back, equal and in order, plain and with asyncio."""
    sent = [{"n": n, "text": "\u2028\0é😀" * (n % 5)} for n in range(10_000)]

    async with fork(["-c", program]) as worker:
        feeding = asyncio.ensure_future(feed(worker, sent))
        messages = worker.messages()
        assert [await anext(messages) for _ in sent] == sent
        await feeding
        await worker.disconnect()
        assert (await worker.wait()).ok


async def test_asking(tmp_path):
    """Questions both ways, answers and a refusal."""
    async with fork(["-c", ECHO]) as worker:
        assert await asyncio.gather(*(worker.request(n, timeout=20) for n in range(50))) == list(range(50))
        with pytest.raises(RequestRefused, match="no"):
            await worker.request("refuse")
        await worker.send("ask")
        messages = worker.messages()
        question = await anext(messages)
        question.answer({"the": "answer"})
        assert question.body == "what?"
        assert await anext(messages) == ["answer", {"the": "answer"}]


async def test_asking_with_asyncio():
    """Questions of an asyncio program while it answers one."""
    async with fork(["-c", ASYNC]) as worker:
        asking = asyncio.ensure_future(worker.request("start", timeout=20))
        messages = worker.messages()
        for _ in range(3):
            question = await anext(messages)
            question.answer(question.body * 10)
        assert await asking == [0, 10, 20]


async def test_a_wish_to_save_is_heard_by_a_busy_program():
    """A checkpoint is saved in a thread, whatever the program does meanwhile."""
    async with fork(["-c", SAVES]) as worker:
        messages = worker.messages()
        assert await anext(messages) == "ready"
        await worker.send({"$checkpoint": {"by": "noon"}})
        assert await anext(messages) == {"saving": {"by": "noon"}}


async def feed(worker, messages) -> None:
    """Send them all."""
    for message in messages:
        await worker.send(message)


CROWD = """
from procession import child
import threading
child.on_checkpoint(print)
def ask(n):
    for k in range(300):
        assert child.request([n, k], timeout=20) == [n, k]
threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
for each in threads: each.start()
for each in threads: each.join()
child.send("all answered")
"""


async def test_many_threads_ask_and_none_is_forgotten():
    """Whichever thread reads, each gets its answer, and none sleeps though it has come."""
    async with fork(["-c", CROWD]) as worker:
        async for message in worker.messages():
            if message == "all answered":
                break
            message.answer(message.body)
        else:
            raise AssertionError(await worker.wait())


BOTH = """
import asyncio
from procession.child import aio as child
child.on_checkpoint(print)
async def main():
    async for message in child.messages():
        child.send(message)
asyncio.run(main())
"""


async def test_asyncio_hears_what_a_thread_has_read():
    """A thread that listens for wishes to save takes no message from the loop."""
    async with fork(["-c", BOTH]) as worker:
        messages = worker.messages()
        for number in range(500):
            await worker.send(number)
            assert await anext(messages) == number


SLOW = """
from procession import child
for wait_s in (0.01, None):
    try:
        child.send(child.request("question", timeout=wait_s))
    except TimeoutError:
        child.send("too late")
"""


async def test_an_answer_that_comes_too_late_is_forgotten():
    """A late answer is nobody's; the next question gets its own."""
    async with fork(["-c", SLOW]) as worker:
        messages = worker.messages()
        first = await anext(messages)
        assert await anext(messages) == "too late"
        first.answer("first")
        (await anext(messages)).answer("second")
        assert await anext(messages) == "second"
