"""What programs say while nobody listens, or hardly: taken at once, bounded, told in order, then forgotten."""

import os
import socket
import subprocess
import sys
from array import array

import pytest

from procession.keeper.notices import WAITING_LIMIT
from procession.wire import frames
from procession.wire.notice_socket import open_notice_socket

SAYS = """
import os, socket, sys
channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for number in range(int(sys.argv[2])):
    channel.sendto(b"STATUS=%d" % number + (b"\\nREADY=1" if not number else b""), sys.argv[1])
"""


@pytest.fixture
def place(tmp_path):
    """A path for a socket."""
    return str(tmp_path / "n")


@pytest.fixture
def say(place):
    """To be called with text; says it from this process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        yield lambda text, fds=(): channel.sendmsg([text], [(*rights, array("i", fds))] if fds else [], 0, place)


def listen(controller, key, place):
    """Have the keeper listen for a task."""
    listening = open_notice_socket(place)
    controller.ask(frames.LISTEN, key, fds=(listening.fileno(),))
    listening.close()


def noticed(controller, key):
    """Wait for the next word of a task; give its number, and what it says."""
    frame = controller.next(frames.NOTICED)
    assert frame.id == key
    number, pid, uid, data = frame.fields
    assert (int(pid), int(uid)) == (os.getpid(), os.getuid())
    return int(number), data, frame.fds


def test_each_word_is_told_until_it_is_written_down(keeper, place, say, tools):
    """In order, with who said it; to the next controller again, until it is acknowledged."""
    controller = keeper.durable()
    listen(controller, 7, place)
    for text in (b"READY=1", b"STATUS=a\0b", b"STATUS=c"):
        say(text)
    heard = [noticed(controller, 7)[:2] for _ in range(3)]
    assert heard == [(1, b"READY=1"), (2, b"STATUS=a?b"), (3, b"STATUS=c")]
    controller.ask(frames.HEARD, 1)
    controller.close()

    second = keeper.connect_raw()
    told = second.greeting()
    assert [(frame.op, frame.id) for frame in told if frame.op == frames.HELD] == [(frames.HELD, 7)]
    assert [frame.fields[3] for frame in told if frame.op == frames.NOTICED] == [b"STATUS=a?b", b"STATUS=c"]
    second.ask(frames.HEARD, 3)
    second.close()
    third = keeper.connect_raw()
    assert [frame for frame in third.greeting() if frame.op == frames.NOTICED] == []
    third.ask(frames.DROP, 7, b"")
    tools.settle(lambda: not accepts(say))


def test_a_flood_with_nobody_home_holds_up_nobody(keeper, place, say):
    """C110: a thousand words in a row are taken; READY and the last status are there, in order, and little is kept."""
    controller = keeper.durable()
    listen(controller, 7, place)
    controller.close()
    subprocess.run([sys.executable, "-c", SAYS, place, "1000"], check=True, timeout=30)

    told = [frame for frame in keeper.connect_raw().greeting() if frame.op == frames.NOTICED]
    assert len(told) <= WAITING_LIMIT
    lines = [line for frame in told for line in frame.fields[3].split(b"\n")]
    assert lines.count(b"READY=1") == 1
    statuses = [int(line.removeprefix(b"STATUS=")) for line in lines if line.startswith(b"STATUS=")]
    assert statuses == sorted(statuses)
    assert statuses[-1] == 999


def test_a_controller_that_is_stopped_makes_nothing_grow(keeper, place, say):
    """Who is there and does not read gets the last word, too."""
    controller = keeper.durable()
    listen(controller, 7, place)
    noise = b"X_NOISE=" + b"x" * 10_000
    for number in range(2000):
        say(noise + b"\nSTATUS=%d" % number)
    last = b""
    count = 0
    while last != b"STATUS=1999":
        number, data, _ = noticed(controller, 7)
        controller.ask(frames.HEARD, number)
        last = data.split(b"\n")[-1]
        count += 1
    assert count < 300


def test_words_of_many_are_not_mixed(keeper, place):
    """What living strangers say is not gathered with what others say; beyond the limit it is dropped."""
    controller = keeper.durable()
    listen(controller, 7, place)
    controller.close()
    waits = SAYS + "\nprint(flush=True); sys.stdin.read()"
    senders = [
        subprocess.Popen([sys.executable, "-c", waits, place, "3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    for sender in senders:
        sender.stdout.read(1)
    told = [frame for frame in keeper.connect_raw().greeting() if frame.op == frames.NOTICED]
    for sender in senders:
        sender.communicate(timeout=30)

    assert {int(frame.fields[1]) for frame in told} == {sender.pid for sender in senders}


def test_descriptors_go_with_their_word(keeper, place, say):
    """FDSTORE passes a descriptor on; without it, and with a barrier, what comes is closed at once."""
    controller = keeper.durable()
    listen(controller, 7, place)
    reading, writing = os.pipe()
    say(b"FDSTORE=1\nFDNAME=pipe", [writing])
    number, data, fds = noticed(controller, 7)
    assert (number, data) == (1, b"FDSTORE=1\nFDNAME=pipe")
    os.write(fds[0], b"through it")
    assert os.read(reading, 100) == b"through it"
    os.close(fds[0])
    controller.ask(frames.HEARD, 1)
    os.close(writing)
    assert os.read(reading, 100) == b"", "the keeper still holds it"
    os.close(reading)

    reading, writing = os.pipe()
    say(b"BARRIER=1", [writing])
    os.close(writing)
    assert os.read(reading, 100) == b""
    os.close(reading)


def test_what_is_given_into_care_is_bounded(keeper, place, say):
    """A program that gives away thousands of descriptors fills nobody: 64 wait, the rest is closed."""
    controller = keeper.durable()
    listen(controller, 7, place)
    controller.close()
    before = len(os.listdir(f"/proc/{keeper.pid}/fd"))
    for _ in range(30):
        say(b"FDSTORE=1", [0] * 100)
    say(b"STATUS=done")

    second = keeper.connect_raw()
    told = second.greeting()
    assert told[-2].fields[3].endswith(b"STATUS=done")
    assert len(os.listdir(f"/proc/{keeper.pid}/fd")) <= before + 64 + 1
    second.ask(frames.HEARD, 1000)
    second.ask(frames.DROP, 7, b"")
    assert second.run(1, "/bin/true").status == 0


def test_the_last_word_comes_before_the_end(keeper, place):
    """What a program says before it ends is told before its exit."""
    controller = keeper.durable()
    listen(controller, 7, place)
    for turn in range(20):
        controller.spawn(100 + turn, sys.executable, "-I", "-S", "-c", SAYS, place, "3")
        frame = controller.any()
        order = [frame.op]
        while frame.op != frames.EXITED:
            if frame.op == frames.NOTICED:
                controller.ask(frames.HEARD, int(frame.fields[0]))
            frame.close()
            frame = controller.any()
            order.append(frame.op)
        assert order == [frames.STARTED, frames.NOTICED, frames.NOTICED, frames.NOTICED, frames.EXITED]


def test_a_copy_that_somebody_holds_wakes_nobody(keeper, place, say):
    """A socket that is dropped while the supervisor still holds it is not listened to any more."""
    controller = keeper.durable()
    listening = open_notice_socket(place)
    controller.ask(frames.LISTEN, 7, fds=(listening.fileno(),))
    say(b"STATUS=one")
    assert noticed(controller, 7)[1] == b"STATUS=one"
    controller.ask(frames.DROP, 7, b"")
    controller.run(1, "/bin/true")
    say(b"STATUS=two")
    assert controller.run(2, "/bin/true").status == 0
    assert listening.recv(100) == b"STATUS=two"
    listening.close()


def accepts(say):
    """Whether anybody listens there."""
    try:
        say(b"STATUS=late")
    except OSError:
        return False
    return True
