"""`Pool`: many commands, never more at once than may be, their results as values; with each kind of crew."""

import asyncio
import itertools
from contextlib import aclosing

import pytest

from procession import ExitedWithCode, InvalidCommand, OutcomeKind, Pool, ProgramNotFound, UsageError
from procession.policy.admission import FixedLimit, Newcomer
from procession.pool.crew import AHEAD


class CountingFixed(FixedLimit):
    """The fixed one, which notes in ``seen`` how many lived with each that was let in."""

    def __init__(self, limit: int) -> None:
        super().__init__(hard_limit=limit, soft_limit=100)
        self.seen: list[int] = []

    def begin(self, newcomer: Newcomer, now: float) -> None:
        """Note it."""
        super().begin(newcomer, now)
        self.seen.append(len(self._live))


class Counting(CountingFixed):
    """One that wants to look, so that a supervisor is behind the pool."""

    needs_looks = True


async def take_all(results, codes):
    """Note the code of each, to the end or the error."""
    async for result in results:
        codes.append(result.code)


@pytest.fixture(params=["quick", "supervised"])
def limit(request):
    """To be called with a number; gives an admission that lets so many run, of a kind for each crew."""
    return (lambda n: FixedLimit(hard_limit=n)) if request.param == "quick" else Counting


async def test_a_command_and_its_result(limit):
    """A handle is awaited for the result, by any number, and says what it printed."""
    async with Pool(admission=limit(2)) as pool:
        handle = pool.submit(["sh", "-c", "echo out; echo err >&2; exit 3"])
        first, second = await asyncio.gather(handle, handle)

    assert first is second
    assert (first.code, first.stdout, first.stderr, first.outcome.kind) == (3, "out\n", "err\n", OutcomeKind.FAILED)
    assert handle.done
    assert first.pid > 0


async def test_bytes_when_asked(limit):
    """Output that is no text comes as it is."""
    async with Pool(admission=limit(1)) as pool:
        result = await pool.submit(["printf", r"\377\000"], text=False)

    assert result.stdout == b"\xff\0"


async def test_results_come_in_order(limit):
    """`map` gives the results in the order of its commands, however long each takes."""
    commands = [["sh", "-c", f"sleep {0.2 if n == 0 else 0}; echo {n}"] for n in range(12)]
    async with Pool(admission=limit(4)) as pool:
        results = [result.stdout async for result in pool.map(commands)]

    assert results == [f"{n}\n" for n in range(12)]


async def test_results_come_as_they_end(limit, tmp_path):
    """With ``ordered=False`` one that takes until a later one is seen to have ended holds up nobody."""
    door = tmp_path / "door"
    commands = [["sh", "-c", f"until [ -e {door} ]; do sleep 0.01; done; echo slow"], ["echo", "quick"]]
    results = []
    async with Pool(admission=limit(2)) as pool:
        async for result in pool.map(commands, ordered=False):
            results.append(result.stdout)
            door.touch()

    assert results == ["quick\n", "slow\n"]


async def test_endless_commands_are_drawn_as_they_are_wanted(limit):
    """Of an endless iterable hardly more is drawn than can start; leaving the loop ends what is left."""
    drawn = 0

    def commands():
        nonlocal drawn
        for n in itertools.count():
            drawn += 1
            yield ["sleep", "600"] if n else ["true"]

    async with Pool(admission=limit(2)) as pool:
        async with aclosing(pool.map(commands(), ordered=False)) as results:
            async for result in results:
                assert result.ok
                break
        assert await pool.submit(["true"])

    assert drawn <= AHEAD + 6


async def test_an_asynchronous_iterable(limit):
    """Commands may come from an asynchronous generator; the first run before the last is there."""
    first_ended = asyncio.Event()

    async def commands():
        yield ["true"]
        await first_ended.wait()
        yield ["false"]

    codes = []
    async with Pool(admission=limit(2)) as pool:
        async for result in pool.map(commands()):
            codes.append(result.code)
            first_ended.set()

    assert codes == [0, 1]


async def test_what_the_iterable_raises_is_raised(limit):
    """An error of the iterable reaches who takes the results, after what was drawn before it."""

    def commands():
        yield ["true"]
        raise LookupError("no more")

    seen = []
    async with Pool(admission=limit(2)) as pool:
        with pytest.raises(LookupError, match="no more"):
            await take_all(pool.map(commands()), seen)

    assert seen == [0]


async def test_failures_are_values_unless_asked_to_raise(limit):
    """A failure, also of the start, is a result; with ``check`` it is raised as its own error."""
    async with Pool(admission=limit(2)) as pool:
        kinds = [result.outcome.kind async for result in pool.map([["false"], ["no-such-program"]])]
        with pytest.raises(ExitedWithCode):
            _ = [each async for each in pool.map([["false"]], check=True)]
        with pytest.raises(ProgramNotFound):
            _ = [each async for each in pool.map([["no-such-program"]], check=True)]
        with pytest.raises(InvalidCommand):
            pool.submit([])

    assert kinds == [OutcomeKind.FAILED, OutcomeKind.FAILED_TO_START]


async def test_handles_as_they_end(limit, tmp_path):
    """`as_completed` gives handles in the order of their ends."""
    door = tmp_path / "door"
    async with Pool(admission=limit(2)) as pool:
        slow = pool.submit(["sh", "-c", f"until [ -e {door} ]; do sleep 0.01; done"])
        quick = pool.submit(["touch", str(door)])
        ended = [handle async for handle in pool.as_completed([slow, quick])]

    assert ended == [quick, slow]


async def test_cancelling(limit):
    """What waits never starts, what runs is ended, what has ended stays as it is."""
    async with Pool(admission=limit(1)) as pool:
        running = pool.submit(["sh", "-c", "echo started; exec sleep 600"])
        waiting = pool.submit(["echo", "never"])
        while not running.slot:
            await asyncio.sleep(0)
        never = await waiting.cancel()
        ended = await running.cancel()
        done = await pool.submit(["true"])

    assert (never.pid, never.stdout, never.outcome.kind) == (0, "", OutcomeKind.STOPPED)
    assert ended.outcome.kind in (OutcomeKind.STOPPED, OutcomeKind.CANCELLED)
    assert done.ok
    assert await running.cancel() is ended


async def test_leaving_stops_everything(limit, wait_until):
    """Nothing runs after the block, and what waited has not started."""
    async with Pool(admission=limit(1)) as pool:
        handles = [pool.submit(["sleep", "600"]) for _ in range(3)]
        await wait_until(lambda: handles[0].slot == 1, timeout=5)

    assert [handle.result().ok for handle in handles] == [False] * 3
    with pytest.raises(UsageError, match="takes no commands"):
        pool.submit(["true"])


async def test_tries_again(limit, tmp_path):
    """A command that fails is tried again, and only its last attempt counts, also for what it printed."""
    mark = tmp_path / "mark"
    async with Pool(admission=limit(1)) as pool:
        script = f"echo try; test -e {mark} || {{ touch {mark}; exit 1; }}"
        result = await pool.submit(["sh", "-c", script], retries=1, retry_delay_s=0.01)

    assert (result.ok, result.stdout) == (True, "try\n")


@pytest.mark.parametrize("kind", [Counting, CountingFixed])
async def test_every_start_asks_the_admission(kind):
    """First attempts and retries ask, and never more live than may."""
    admission = kind(2)
    async with Pool(admission=admission) as pool:
        commands = [["false"]] * 5
        codes = [each.code async for each in pool.map(commands, retries=1, retry_delay_s=0.0)]

    assert codes == [1] * 5
    assert (len(admission.seen), max(admission.seen)) == (10, 2)


async def test_priority_comes_first(limit):
    """Of those that wait the one of higher priority starts first, and equals in their order."""
    order = []
    async with Pool(admission=limit(1)) as pool:
        handles = [pool.submit(["true"], priority=priority) for priority in (0, 0, 5)]
        for handle in handles:
            handle.add_done_callback(order.append)
        await asyncio.gather(*handles)

    assert order == [handles[2], handles[0], handles[1]]


async def test_nothing_is_kept_of_who_has_gone(limit):
    """A crowd that has ended leaves no trace in memory but its handles."""
    async with Pool(admission=limit(4)) as pool:
        _ = [each async for each in pool.map(["true"] for _ in range(50))]
        await asyncio.sleep(0)
        crew = pool._crew

        assert crew.unfinished == 0
        supervisor = getattr(crew, "_supervisor", None)
        assert supervisor is None or supervisor.list() == []


def test_a_limit_that_cannot_be():
    """Less than one at once is refused at once."""
    with pytest.raises(UsageError, match="limit must be a whole number from 1"):
        Pool(0)
