"""The daemon kills itself at each point between a request and the last word about it; the next one goes on."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from procession import PIPE, Command

COUNT = 24
ON_THE_WAY = (
    "after the request",
    "after the intent",
    "after the order",
    "after the fork",
    "after the journal",
    "before the acknowledgement",
)
AT_THE_START = (
    ("in the greeting", 1),
    ("in the greeting", 7),
    ("in the recovery", 1),
    ("in the recovery", 7),
    ("after the recovery", 1),
)


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("point", ON_THE_WAY)
def test_killed_on_the_way(house, work, dying, point, count):
    """What was asked for once happens once, however often the client asks; nothing of it is lost."""
    house.start(*dying(point, count))
    with ThreadPoolExecutor(1) as thread, house.client() as client:
        client.connect()
        submitting = thread.submit(submit_in_pieces, client, work.make(COUNT, lines=20))
        house.wait_killed()
        house.start()

        assert submitting.result(20) == [each.name for each in work.all]
        assert not client.wait(all_tasks=True, timeout_s=20).timed_out
    work.check()


@pytest.mark.parametrize(("point", "count"), AT_THE_START)
def test_killed_while_it_takes_over(house, work, dying, point, count):
    """A daemon that dies while it sorts out what it found leaves it for the next one as it was."""
    house.start()
    with house.client() as client:
        client.submit_all([*work.make(COUNT // 2, lines=3), *work.make(COUNT // 2, lines=20, pause_s=0.1)])
        work.wait_begun(COUNT)
        client.connect()
        house.kill()
        for _ in range(2):
            house.begin(*dying(point, count))
            house.wait_killed()
        house.start()

        assert not client.wait(all_tasks=True, timeout_s=20).timed_out
    work.check()


@pytest.mark.long
@pytest.mark.parametrize("point", ON_THE_WAY)
def test_every_daemon_is_killed_on_the_way(house, work, dying, point):
    """Daemon after daemon dies at the same point; together they see everything through, once."""
    house.configure("hard_limit = 16\nsoft_limit = 16\n")  # fewer than 20 exits wait for any of them
    house.start(*dying(point, 20))
    with ThreadPoolExecutor(1) as thread, house.client() as client:
        client.connect()
        submitting = thread.submit(submit_in_pieces, client, work.make(300, lines=20))
        deaths = replace_the_dead(house, dying(point, 20), submitting)
        assert submitting.result() == [each.name for each in work.all]
        waiting = thread.submit(client.wait, all_tasks=True, timeout_s=60)
        deaths += replace_the_dead(house, dying(point, 20), waiting)
        assert not waiting.result().timed_out
        assert deaths >= 5
        house.kill()
        house.start()
    work.check()


def test_exits_that_were_written_and_never_acknowledged(house, work, dying):
    """The next daemon acknowledges what is in the store, though its task is over: the journal does not grow."""
    house.start(*dying("no acknowledgement", 1))
    with house.client() as client:
        client.submit_all(work.make(5, lines=3))
        client.wait(all_tasks=True)
        assert (house.home / "exits.journal").stat().st_size > 0
        house.kill()
        house.start()
        client.submit_all(work.make(1, lines=3))
        client.wait(all_tasks=True)
    work.check()


def test_descriptors_that_were_never_let_go(house, tools, dying):
    """The next daemon lets go of what the keeper holds for tasks that are over, and has none of it itself."""
    house.start(*dying("no drop", 1))
    with house.client() as client:
        keeper = house.keeper
        before = tools.count_descriptors(keeper)
        client.submit(Command(argv=("true",), stdin=PIPE), name="reads")
        assert client.wait("reads").tasks[0].ok
        tools.settle(lambda: house.ask("SELECT phase FROM attempt") == [("over",)])
        assert tools.count_descriptors(keeper) == before + 2  # its input, and the socket at which it is listened to
        house.kill()
        house.start()

        tools.settle(lambda: tools.count_descriptors(keeper) == before)
        assert pipes_of(house.daemon.pid) == set()


def pipes_of(pid):
    """Name the pipes a process has, but not those of its own loop."""
    links = (os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))
    return {link for link in links if link.startswith("pipe:")}


def submit_in_pieces(client, tasks):
    """Hand them over by threes; the client asks again with the same key when a daemon died before it answered."""
    ids = []
    for begin in range(0, len(tasks), 3):
        ids += client.submit_all(tasks[begin : begin + 3])
    return ids


def replace_the_dead(house, program, future):
    """Start the next daemon whenever one has ended, until the future is there; say how many ended."""
    deaths = 0
    while not future.done():
        if house.wait_end(0.2):
            deaths += 1
            house.begin(*program)
    return deaths
