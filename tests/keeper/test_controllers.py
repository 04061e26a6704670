"""Controllers that are slow, many, hostile or gone: the keeper never waits for them."""

import contextlib
import errno
import os
import resource
import select
import socket

import pytest

from procession.wire import frames
from procession.wire.exits import RECORD_BYTES

SHELL = "/bin/sh"


def test_a_second_controller_is_told_that_it_is_one(keeper):
    """BUSY and the end; the first goes on. When the first is gone, the next is greeted."""
    first = keeper.durable()
    assert [frame.op for frame in keeper.connect().told] == [frames.BUSY]
    assert first.run(1, SHELL, "-c", "exit 3").status == 3 << 8
    first.close()
    assert keeper.connect().told[0].op == frames.HELLO


def test_what_a_dead_controller_had_asked_is_done(keeper):
    """Its last requests are read before the next is greeted, though nobody can be answered."""
    first = keeper.durable()
    for key in range(100):
        first.spawn(key, "/bin/sleep", "1000")
    first.close()
    told = keeper.connect().told
    assert sorted(frame.id for frame in told if frame.op == frames.RUNNING) == list(range(100))


def test_a_controller_that_does_not_read_holds_up_nothing(keeper, tools):
    """C101: children are reaped and journalled meanwhile; later everything is told, once and in order."""
    controller = keeper.durable()
    controller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    controller.socket.setblocking(False)
    asked = 0
    while asked < 3000:
        try:
            controller.spawn(asked, "/bin/true")
        except BlockingIOError:
            break
        asked += 1
    tools.settle(lambda: not children_of(keeper.pid) and is_stuck(keeper.pid))
    assert 0 < keeper.journal.stat().st_size // RECORD_BYTES <= asked
    assert len(os.listdir(f"/proc/{keeper.pid}/fd")) < 2 * asked
    controller.socket.settimeout(30)
    exits = [controller.exit() for _ in range(asked - 1)]
    assert [each.seq for each in exits] == list(range(1, asked))


def test_descriptors_that_there_is_no_room_for_are_refused_whole(keeper):
    """C103: with room for two of five, nothing is started, nothing stays open, and the connection is as before."""
    controller = keeper.attached()
    controller.run(1, SHELL, "-c", "exit 0")
    before = numbers_of(keeper.pid)
    _, hard = resource.prlimit(keeper.pid, resource.RLIMIT_NOFILE)
    lowest_free = min(set(range(100)) - before)
    resource.prlimit(keeper.pid, resource.RLIMIT_NOFILE, (lowest_free + 2, hard))
    controller.spawn(2, SHELL, "-c", "exit 0", fds=(controller.null,) * 5)
    assert controller.refusal() == (errno.EMFILE, "fds")
    resource.prlimit(keeper.pid, resource.RLIMIT_NOFILE, (hard, hard))
    assert numbers_of(keeper.pid) == before
    assert controller.run(2, SHELL, "-c", "exit 4").status == 4 << 8


@pytest.mark.parametrize(("sent", "announced"), [(5, 3), (3, 5), (0, 3), (253, 3), (3, 0)])
def test_other_descriptors_than_announced_are_refused(keeper, sent, announced):
    """C103: more, fewer, none, or as many as can be sent."""
    controller = keeper.attached()
    before = numbers_of(keeper.pid)
    fields = b"/bin/true", b"", b"", b"", b"", b"1", b"true"
    controller.ask(frames.SPAWN, 1, *fields, fds=(controller.null,) * sent, announced=announced)
    assert controller.refusal()[1] == "fds"
    assert numbers_of(keeper.pid) == before
    assert controller.run(1, SHELL, "-c", "exit 4").status == 4 << 8


def test_a_stream_that_makes_no_sense_ends_the_connection_only(keeper):
    """A durable keeper goes on with the next one."""
    first = keeper.durable()
    first.socket.sendall(b"\xff" * 64)
    with contextlib.suppress(ConnectionResetError), pytest.raises(EOFError):
        first.any()
    assert keeper.connect().told[0].op == frames.HELLO


def test_idle_it_does_nothing(keeper, tools):
    """No timer runs: it is not woken once."""
    controller = keeper.durable()
    controller.start(1, "/bin/sleep", "1000")
    tools.settle(lambda: is_stuck(keeper.pid))
    before = switches_of(keeper.pid)
    select.select([controller.socket], [], [], 1.0)
    assert switches_of(keeper.pid) == before


def test_it_imports_nothing_heavy(keeper, python):
    """Only what is quick to import, and nothing of other rooms: it must greet within 40 ms."""
    from procession.keeper import program

    program_file = program.__file__
    script = (
        f"import sys; sys.path.append({os.path.dirname(os.path.dirname(os.path.dirname(program_file)))!r})\n"
        "import procession.keeper.program\nprint(*sys.modules)"
    )
    controller = keeper.attached()
    modules = set(controller.output_of(1, python, "-I", "-S", "-B", "-c", script).split())
    heavy = {
        "asyncio",
        "collections",
        "contextlib",
        "ctypes",
        "dataclasses",
        "enum",
        "msgspec",
        "re",
        "signal",
        "socket",
    }
    assert not modules & (heavy | {"subprocess", "threading", "typing"})
    rooms = {name.split(".")[1] for name in modules if name.startswith("procession.")}
    assert rooms == {"keeper", "kernel", "wire"}


def children_of(pid):
    """The pids of its children, zombies included."""
    with open(f"/proc/{pid}/task/{pid}/children") as listing:
        return listing.read().split()


def is_stuck(pid):
    """Whether it waits in poll, having nothing it could do."""
    with open(f"/proc/{pid}/stat") as line:
        return line.read().rpartition(")")[2].split()[0] == "S"


def numbers_of(pid):
    """Those of its descriptors."""
    return {int(number) for number in os.listdir(f"/proc/{pid}/fd")}


def switches_of(pid):
    """How often it has gone to sleep."""
    with open(f"/proc/{pid}/status") as status:
        return next(line for line in status if line.startswith("voluntary_ctxt_switches"))
