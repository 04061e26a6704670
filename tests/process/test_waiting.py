"""Waiting: any number may, as often as they like, and give it up without disturbing anybody."""

import asyncio
import gc

from procession import NULL, PIPE, OutcomeKind, State, spawn


async def test_twenty_waiters_get_the_same_record(tree_kind):
    """C032: of 20 waiters half are cancelled; the others, and those who come late, get the very same outcome."""
    async with spawn(["sh", "-c", "read line; exit 7"], stdin=PIPE) as process:
        waiters = [asyncio.create_task(process.wait()) for _ in range(20)]
        await asyncio.sleep(0.05)
        for waiter in waiters[::2]:
            waiter.cancel()
        await asyncio.sleep(0.05)
        assert process.state is State.RUNNING

        await process.stdin.close()
        records = await asyncio.gather(*waiters, return_exceptions=True)
        late = [await process.wait() for _ in range(3)]

    assert all(isinstance(record, asyncio.CancelledError) for record in records[::2])
    assert {id(record) for record in records[1::2] + late} == {id(process.outcome)}
    assert (process.outcome.kind, process.outcome.code) == (OutcomeKind.FAILED, 7)
    assert await process.wait() is process.outcome


async def test_waiting_that_times_out_disturbs_nothing(tree_kind):
    """C032: a wait given up a hundred times leaves the job as it is, and nothing behind."""
    async with spawn(["sleep", "60"], stdout=NULL, stderr=NULL) as process:
        for _ in range(100):
            try:
                async with asyncio.timeout(0.001):
                    await process.wait()
            except TimeoutError:
                continue
        assert process.state is State.RUNNING
        assert len(process._waiters) <= 1, "waits that were given up are kept"
        assert (await process.kill()).signal == 9


async def test_a_waiter_that_is_cancelled_as_the_job_ends():
    """C032: cancelling at the very moment of the end hurts neither the others nor the record."""
    for _ in range(20):
        async with spawn(["sh", "-c", "exit 3"], stdout=NULL, stderr=NULL) as process:
            first, second = asyncio.create_task(process.wait()), asyncio.create_task(process.wait())
            await asyncio.sleep(0.001)
            first.cancel()
            assert (await second).code == 3
            await asyncio.wait([first])


async def test_the_outcome_outlives_the_block():
    """C032: after the block, and after a collection, the record is still there to be asked for."""
    async with spawn(["sh", "-c", "exit 4"]) as process:
        await process.wait()
    gc.collect()

    assert (await process.wait()).code == 4
    assert process.state is State.ENDED
