"""The daemon is killed again and again while many tasks run: it costs nothing, not a byte, not an exit code."""

import random
import time

import pytest

LIMIT = "hard_limit = 64\nsoft_limit = 64\n"


@pytest.mark.serial
def test_a_short_storm(house, work, tools):
    """80 tasks, 6 kills at any moment of a daemon's life, its start included."""
    storm(house, work, tools, short=70, talkers=10, kills=6)


@pytest.mark.long
@pytest.mark.serial
def test_a_long_storm(house, work, tools):
    """500 short and 20 long tasks, 64 at a time, 50 kills."""
    storm(house, work, tools, short=500, talkers=20, kills=50)


def storm(house, work, tools, *, short, talkers, kills):
    """Submit it all, kill and start, and let the last daemon see it through; then compare."""
    chance = random.Random()
    house.configure(LIMIT)
    house.start()
    keeper = house.keeper
    before = tools.count_descriptors(keeper)
    with house.client() as client:
        client.submit_all(work.make(talkers, lines=6 * kills, pause_s=0.2))
        client.submit_all(work.make(short, lines=40, pause_s=0.001 * kills))
        client.connect()
        for _ in range(kills - 1):
            time.sleep(chance.uniform(0, 0.4))
            house.kill()
            house.begin()
            if chance.random() < 0.7:
                assert house.wait_ready(), house.log.read_text()
        house.kill()
        house.start()
        assert not client.wait(all_tasks=True, timeout_s=200).timed_out

    assert house.keeper == keeper
    work.check()
    tools.settle(lambda: tools.count_descriptors(keeper) == before)
