"""What tasks send while the daemon is killed again and again: every message once, in order, and nothing is torn."""

import contextlib
import json
import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from procession import ByNotice, Client, Command, Disconnected, Task


def messages_of(house, name):
    """Give what is kept of the messages of a task."""
    return [json.loads(line) for line in (house.home / "logs" / name / "messages").read_text().splitlines()]


def told_of(house, name):
    """Give the messages that were told as events."""
    return [event["message"] for event in house.events(name) if event["event"] == "message_received"]


def client_once(house):
    """Give somebody who does not try again."""
    return Client(f"{house.home}/run/api.sock", patience_s=0)


def talker(children, name, count, pause_s):
    """A task that counts through its channel."""
    argv = (sys.executable, str(children / "talks_in_numbers.py"), str(count), str(pause_s))
    return Task(command=Command(argv=argv, channel=True), name=name)


@pytest.mark.serial
def test_a_storm_costs_no_message(house, children):
    """C076: slow and quick talkers through ten kills: kept and told, each once and in order."""
    chance = random.Random()
    counts = {"slow": (400, 0.01), "quick": (40_000, 0.0), "middling": (4_000, 0.001)}
    house.start()
    with house.client() as client:
        client.submit_all([talker(children, name, *given) for name, given in counts.items()])
        client.connect()
        for _ in range(10):
            time.sleep(chance.uniform(0, 0.4))
            house.kill()
            house.start()
        waited = client.wait(all_tasks=True, timeout_s=100)
        assert [view.outcome.message for view in waited.tasks] == ["exited with code 0"] * 3

    for name, (count, _) in counts.items():
        expected = [[number, 2 * number] for number in range(count)]
        assert messages_of(house, name) == expected
        assert told_of(house, name) == expected


def test_what_is_said_meanwhile_is_heard_later(house, children):
    """C076: messages that a task sends while nobody is there wait for the next daemon, in order."""
    house.start()
    with house.client() as client:
        client.submit_all([talker(children, "t", 200, 0.005)])
        house.kill()
        time.sleep(0.5)
        house.start()
        client.wait("t")

    assert messages_of(house, "t") == told_of(house, "t") == [[number, 2 * number] for number in range(200)]


def test_what_was_sent_is_there_whatever_becomes_of_us(house, children):
    """A message that was taken reaches the task though the daemon dies at once; questions go to the next daemon."""
    house.start()
    with house.client() as client:
        client.submit_all([talker(children, "t", 1_000_000, 0.01)])
        for number in range(5):
            client.send("t", {"number": number, "size": "x" * 20_000})
            house.kill()
            house.start()
            assert client.request("t", ["answer", number], timeout_s=10) == ["answer", number]
        client.send("t", "x" * 1_000_000)
        assert client.request("t", "the last", timeout_s=10) == "the last"
        client.kill("t")

    heard = [message["heard"] for message in messages_of(house, "t") if "heard" in message]
    assert [message["number"] for message in heard[:5]] == list(range(5))
    assert heard[5] == "x" * 1_000_000
    told = [event for event in house.events("t") if event["event"] == "message_received"]
    assert [event["size_bytes"] for event in told if event["message"] is None] == [1_000_012]


def test_a_message_that_was_torn_ends_the_channel(house, tools):
    """A task that does not read, a long message, and a kill in its middle: no later message is glued to its half."""
    house.start()
    with house.client() as client:
        script = "import time; time.sleep(1000)"
        command = Command(argv=(sys.executable, "-c", script), channel=True)
        client.submit_all([Task(command=command, name="deaf")])
        client.send("deaf", "short")
        with ThreadPoolExecutor(1) as thread:
            sending = thread.submit(client_once(house).send, "deaf", "x" * 5_000_000)
            tools.settle(lambda: house.ask("SELECT 1 FROM attempt WHERE CAST(body AS TEXT) LIKE '%is_saying%'"))
            time.sleep(0.05)  # a part of it is written, the rest has to wait
            house.kill()
            assert sending.exception(20) is not None
        house.start()
        with pytest.raises(Disconnected):
            client.send("deaf", "after it")
        assert client.list("deaf")[0].state == "running"
        client.kill("deaf")

    assert "cut off in the middle" in house.log.read_text()


def test_a_graceful_end_of_the_daemon_closes_no_channel(house, children):
    """A daemon that is stopped hands its channels over as one that is killed."""
    house.start()
    with house.client() as client:
        client.submit_all([talker(children, "t", 300, 0.005)])
        client.send("t", "hello")
        client.shutdown()
        assert house.wait_end(10)
        house.start()
        client.wait("t")

    kept = messages_of(house, "t")
    assert kept == told_of(house, "t")
    assert [message for message in kept if isinstance(message, list)] == [[n, 2 * n] for n in range(300)]
    assert [event["event"] for event in house.events("t")].count("channel_closed") == 1


SAYS_MUCH = """
import os, socket, sys, time
channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
while not os.path.exists("go"):
    time.sleep(0.01)
for number in range(1000):
    channel.sendto(b"STATUS=%d" % number + (b"\\nREADY=1" if number == 500 else b""), os.environ["NOTIFY_SOCKET"])
open("said", "w").close()
time.sleep(1000)
"""


@pytest.mark.parametrize("how", ["dead", "stopped"])
def test_nobody_home_holds_up_no_notice(house, tools, tmp_path, how):
    """C110: a thousand notices while the daemon is dead or stopped go through; READY and the last one count."""
    house.start()
    with house.client() as client:
        command = Command(argv=(sys.executable, "-c", SAYS_MUCH), cwd=str(tmp_path))
        client.submit_all([Task(command=command, name="t", ready=ByNotice())])
        tools.settle(lambda: client.list("t")[0].state == "running")
        if how == "dead":
            house.kill()
        else:
            house.daemon.send_signal(signal.SIGSTOP)
        (tmp_path / "go").touch()
        tools.settle((tmp_path / "said").exists)
        if how == "dead":
            house.start()
        else:
            house.daemon.send_signal(signal.SIGCONT)
        tools.settle(lambda: client.list("t")[0].status == "999")
        assert client.list("t")[0].ready
        client.kill("t")


def test_no_word_is_lost_in_a_storm(house, tools, tmp_path):
    """The last status and the readiness of many tasks, said around kills of the daemon, are known in the end."""
    script = """
import os, random, time; from procession import child
time.sleep(random.uniform(0, 2))
for number in range(20): child.status(str(number)); time.sleep(0.02)
child.ready(); child.status("last"); time.sleep(1000)
"""
    names = [f"t{number}" for number in range(12)]
    house.start()
    with house.client() as client:
        command = Command(argv=(sys.executable, "-c", script))
        client.submit_all([Task(command=command, name=name, ready=ByNotice()) for name in names])
        for _ in range(8):
            time.sleep(0.2)
            house.kill()
            house.start()
        assert not client.wait_ready(*names, timeout_s=30).timed_out
        tools.settle(lambda: {view.status for view in client.list(*names)} == {"last"})
        client.kill(*names)


STORES = """
import os, socket, sys, time
if "LISTEN_FDS" in os.environ:
    with open(3) as file:
        file.seek(0)
        sys.exit(0 if file.read() == "kept" else 3)
with open("kept", "w+") as file:
    file.write("kept")
    file.flush()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, file.fileno().to_bytes(4, sys.byteorder))]
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.sendmsg([b"FDSTORE=1\\nREADY=1"], rights, 0, os.environ["NOTIFY_SOCKET"])
while not os.path.exists("go"):
    time.sleep(0.01)
sys.exit(1)
"""


@pytest.mark.parametrize("when", ["while it runs", "between the attempts"])
def test_what_was_given_into_care_outlives_the_daemon(house, tools, tmp_path, when):
    """A descriptor is with the keeper, whenever the daemon is killed; after the end of the task nobody has it."""
    house.start()
    keeper = house.keeper
    with house.client() as client:
        command = Command(argv=(sys.executable, "-c", STORES), cwd=str(tmp_path))
        client.submit_all(
            [Task(command=command, name="t", ready=ByNotice(), retries=1, retry_delay_s=1.0, retry_jitter=0)]
        )
        client.wait_ready("t")
        tools.settle(lambda: leads_to(keeper, tmp_path / "kept"))
        if when == "while it runs":
            house.kill()
            house.start()
        (tmp_path / "go").touch()
        tools.settle(lambda: client.list("t")[0].state == "queued")
        if when == "between the attempts":
            house.kill()
            house.start()
        assert client.wait("t").tasks[0].outcome.message == "exited with code 0"
    tools.settle(lambda: not leads_to(keeper, tmp_path / "kept"))


def leads_to(pid, path):
    """Whether a process holds a file open."""
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"/proc/{pid}/fd/{fd}") == str(path):
                return True
    return False
