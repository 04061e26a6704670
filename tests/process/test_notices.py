"""What programs say about themselves, heard from real ones: who may say it, what is told, and what follows."""

import asyncio
import os
import socket
import sys
import time

from procession import PIPE, spawn
from procession.model.event import NoticeRejected, Notified

SAYS = (
    "import os, socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET']); "
)


def told(events) -> dict:
    """Give all that was told of one program, the last word of each."""
    fields: dict = {}
    for event in events:
        if isinstance(event, Notified):
            fields |= event.fields
    return fields


async def heard(script: str, **options) -> tuple[dict, list]:
    """Run a script that says something; give what was told, and all events."""
    events: list = []
    async with spawn([sys.executable, "-c", SAYS + script], notify=True, on_event=events.append, **options) as process:
        await process.wait()
    return told(events), events


async def test_everything_is_heard_also_the_last_word(children, python):
    """What a program says until its very end is told before it is closed, unknown words too, and nothing is left."""
    events: list = []
    argv = [python, children / "speaks_of_itself.py", "all"]
    async with spawn(argv, notify=True, on_event=events.append) as process:
        await process.wait()

    fields = told(events)
    assert fields["READY"] == "1"
    assert (fields["STATUS"], fields["X_PROGRESS"], fields["X_PHASE"]) == ("bye", "0.42", "linking")
    assert (fields["X_CHECKPOINT"], fields["X_SESSION"]) == ("/a/b", "s-1")
    names = [event.name for event in events]
    assert names.index("notified") < names.index("closed")


async def test_readiness_can_be_waited_for():
    """`ready()` returns with READY=1; False where it ends without having said so."""
    script = SAYS + "s.send(b'READY=1'); import time; time.sleep(60)"
    async with spawn([sys.executable, "-c", script], notify=True) as process:
        assert await asyncio.wait_for(process.notices.ready(), 20)
    async with spawn(["true"], notify=True) as process:
        assert not await asyncio.wait_for(process.notices.ready(), 20)


async def test_the_socket_is_for_us_alone(python):
    """C112: mode 0600 in a directory of mode 0700, and gone afterwards."""
    script = "import os; p = os.environ['NOTIFY_SOCKET']; print(p); print(oct(os.stat(p).st_mode)[-3:], "
    script += "oct(os.stat(os.path.dirname(p)).st_mode)[-3:])"
    async with spawn([python, "-c", script], notify=True) as process:
        path, modes = (await process.stdout.read()).decode().splitlines()

    assert modes == "600 700"
    assert not os.path.exists(os.path.dirname(path))


async def test_a_flood_becomes_few_events():
    """Thousands of words a second become a handful of events; the last word is among them, READY too."""
    fields, events = await heard(
        "[s.send(b'STATUS=%d' % n) for n in range(5000)]; s.send(b'READY=1'); "
        "[s.send(b'X_N=%d' % n) for n in range(999)]"
    )

    assert (fields["STATUS"], fields["READY"], fields["X_N"]) == ("4999", "1", "998")
    assert sum(event.name == "notified" for event in events) < 50


async def test_strange_datagrams_do_no_harm():
    """C080: lines without =, no UTF-8, 64 KiB, 253 descriptors, a barrier among others do no harm; nothing is left."""
    before = len(os.listdir("/proc/self/fd"))
    fields, _ = await heard(
        "s.send(b'no assignment\\n=\\nX_A=1\\n\\xff=2\\nX_B=\\xff\\n'); "
        "s.send(b'STATUS=' + b'x' * 60000); "
        "socket.send_fds(s, [b'X_C=3'], [0] * 253); socket.send_fds(s, [b'BARRIER=1\\nX_D=4'], [0]); s.send(b'X_E=5')"
    )

    assert {name: fields.get(name) for name in ("X_A", "X_B", "X_C", "X_D", "X_E")} == {
        "X_A": "1", "X_B": None, "X_C": "3", "X_D": "4", "X_E": "5",
    }  # fmt: skip
    assert len(fields["STATUS"]) == 4096
    assert len(os.listdir("/proc/self/fd")) <= before


async def test_a_stranger_is_not_believed():
    """C080: a living process that is no part of the program is rejected, whatever it says; the rest goes on."""
    events: list = []
    script = "import os; print(os.environ['NOTIFY_SOCKET'], flush=True); input()"
    async with spawn([sys.executable, "-c", script], stdin=PIPE, notify=True, on_event=events.append) as process:
        path = (await anext(process.stdout.lines())).strip()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"READY=1\nSTATUS=lies", path)
        while not any(isinstance(event, NoticeRejected) for event in events):
            await asyncio.sleep(0.005)
        assert not process.notices.is_ready
        await process.stdin.write(b"\n")
        await process.wait()

    (rejected,) = [event for event in events if isinstance(event, NoticeRejected)]
    assert rejected.pid == os.getpid()
    assert told(events) == {}


async def test_another_main_process_must_be_its_own():
    """MAINPID of a stranger is rejected; that of a member is told."""
    fields, events = await heard("s.send(b'MAINPID=1'); s.send(b'MAINPID=%d' % os.getpid())")

    assert fields["MAINPID"].isdigit()
    assert fields["MAINPID"] != "1"
    assert sum(isinstance(event, NoticeRejected) for event in events) == 1


# --- the watchdog -----------------------------------------------------------------------------------------------------

PINGS = SAYS + "import time\nfor n in range({pings}): s.send(b'WATCHDOG=1'); time.sleep(0.05)\n{then}"


async def test_silence_ends_it():
    """C081: signs of life keep it alive; without them it is aborted, timed out, and the reason is said."""
    script = PINGS.format(pings=12, then="time.sleep(60)")
    events = []
    async with spawn([sys.executable, "-c", script], watchdog=0.3) as process:
        process.subscribe(events.append)
        outcome = await asyncio.wait_for(process.wait(), 20)

    assert (outcome.kind, outcome.stopped_by, outcome.signal_name) == ("timed_out", "watchdog", "SIGABRT")
    assert [event.interval_s for event in events if event.name == "watchdog_missed"] == [0.3]
    assert outcome.duration_s > 0.6
    assert "no sign of life" in outcome.message


async def test_it_may_end_by_itself():
    """A program that pings, and then ends, is not touched; it knows its interval."""
    script = PINGS.format(pings=3, then="assert os.environ['WATCHDOG_USEC'] == '5000000'")
    async with spawn([sys.executable, "-c", script], watchdog=5) as process:
        assert (await process.wait()).ok


async def test_it_may_ask_to_be_ended():
    """C081: WATCHDOG=trigger acts at once."""
    script = SAYS + "s.send(b'WATCHDOG=trigger'); import time; time.sleep(60)"
    async with spawn([sys.executable, "-c", script], watchdog=60) as process:
        assert (await asyncio.wait_for(process.wait(), 20)).stopped_by == "watchdog"


async def test_a_pause_is_no_silence():
    """C081: while it is suspended nothing is expected of it."""
    script = SAYS + "import time\nwhile True: s.send(b'WATCHDOG=1'); time.sleep(0.02)"
    async with spawn([sys.executable, "-c", script], watchdog=0.25) as process:
        await process.suspend()
        await asyncio.sleep(0.8)
        assert process.exit is None
        await process.resume()
        await asyncio.sleep(0.5)
        assert process.exit is None


async def test_our_own_absence_is_no_silence():
    """C081: when we were held up for longer than the interval, we listen before we act."""
    script = SAYS + "import time\nwhile True: s.send(b'WATCHDOG=1'); time.sleep(0.02)"
    async with spawn([sys.executable, "-c", script], watchdog=0.25) as process:
        await asyncio.sleep(0.1)
        time.sleep(0.9)
        await asyncio.sleep(0.4)
        assert process.exit is None


async def test_time_can_be_asked_for():
    """EXTEND_TIMEOUT_USEC moves the time-out of a run, and never brings it nearer."""
    script = SAYS + "s.send(b'EXTEND_TIMEOUT_USEC=30000000'); s.send(b'EXTEND_TIMEOUT_USEC=1')\n"
    script += "import time; time.sleep(0.8)"
    async with spawn([sys.executable, "-c", script], notify=True, timeout=0.5) as process:
        assert (await process.wait()).ok


async def test_time_to_end_can_be_asked_for():
    """EXTEND_TIMEOUT_USEC gives a program that is ending more than its grace; who insists is heard all the same."""
    script = SAYS + (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    s.send(b'STOPPING=1\\nEXTEND_TIMEOUT_USEC=30000000'); time.sleep(float(sys.argv[1])); sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, end); s.send(b'READY=1')\n"
        "while True: time.sleep(0.02)\n"
    )
    async with spawn([sys.executable, "-c", script, "0.6"], notify=True) as process:
        assert await process.notices.ready()
        outcome = await process.terminate(0.3)
        assert (outcome.code, outcome.forced) == (7, False)

    async with spawn([sys.executable, "-c", script, "600"], notify=True, grace_s=0.3) as process:
        assert await process.notices.ready()
        ending = asyncio.ensure_future(process.terminate(0.3))
        await asyncio.sleep(0.5)
        assert not ending.done()
        assert (await process.kill()).forced
        await ending
