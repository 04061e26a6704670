"""How quick, how small and how large: what a keeper must not exceed."""

import os
import signal
import time

import pytest

from procession.wire import frames

SLEEPER = "/bin/sleep", "100000"


@pytest.mark.serial
def test_it_greets_within_forty_milliseconds(make_keeper):
    """From exec to WELCOME, the best of seven: other programs of the machine are not its fault."""
    durations_s = []
    for _ in range(7):
        keeper = make_keeper()
        began = time.perf_counter()
        keeper.attached()
        durations_s.append(time.perf_counter() - began)
        keeper.end()
    assert min(durations_s) < 0.040


@pytest.mark.serial
def test_a_thousand_tasks_fit_in_sixteen_megabytes(keeper):
    """And a later controller is told of all of them."""
    controller = keeper.durable()
    environment = [b"A=%d" % number + b"x" * 40 for number in range(75)]
    start_many(controller, 1000, environment)
    assert memory_of(keeper.pid, "VmHWM:") < 16 << 10
    controller.close()
    told = keeper.connect().told
    assert sum(frame.op == frames.RUNNING for frame in told) == 1000
    assert memory_of(keeper.pid, "VmHWM:") < 16 << 10


@pytest.mark.long
def test_ten_thousand_tasks_start_and_end(keeper):
    """All of them at once, with no descriptor held for any."""
    controller = keeper.durable()
    start_many(controller, 10_000, [])
    assert len(os.listdir(f"/proc/{keeper.pid}/fd")) < 20
    controller.ask(frames.SHUTDOWN, 0, b"20")
    statuses = [controller.exit().status for _ in range(10_000)]
    assert set(statuses) == {signal.SIGTERM}
    assert keeper.wait() == 0


def start_many(controller, count, environment):
    """Start sleepers, 64 in flight."""
    for key in range(count + 64):
        if key < count:
            controller.spawn(key, *SLEEPER, environment=environment)
        if key >= 64:
            controller.next(frames.STARTED).close()


def memory_of(pid, name):
    """Kilobytes, of a line of its status."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))
