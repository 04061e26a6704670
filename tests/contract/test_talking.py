"""Tasks that speak: messages, readiness, what they say of themselves, and when they are done."""

import asyncio
import sys
from pathlib import Path

import pytest

from procession import ByFile, ByNotice, Command, Dependency, Disconnected, RequestRefused, RequestTimedOut
from procession.errors import StreamUnavailable, UsageError

CHILDREN = Path(__file__).parents[1] / "children"


def python(script, *arguments, **fields):
    """A Python program given as text."""
    return Command(argv=(sys.executable, "-c", script, *map(str, arguments)), **fields)


async def heard(mode, id_):
    """Give the messages that a task has sent."""
    return [fact.values["message"] for fact in await mode.facts(id_) if fact.name == "message_received"]


async def test_messages_go_both_ways(mode):
    """C065: what is sent is heard, whole and in order, by a Node program and by one of Python."""
    for argv in (
        ("node", str(CHILDREN / "echoes.mjs")),
        (sys.executable, str(CHILDREN / "talks_in_numbers.py"), "1", "9"),
    ):
        id_ = await mode.submit(Command(argv=argv, channel=True))
        sent = [{"n": number, "text": "\u2028\0é😀" * number} for number in range(20)]
        for message in sent:
            await mode.send(id_, message)
        async with asyncio.timeout(20):
            while len(messages := await heard(mode, id_)) < 21:
                await asyncio.sleep(0.01)
        assert [each.get("heard", each) for each in messages if isinstance(each, dict) and "hello" not in each] == sent
        await mode.kill(id_)


async def test_asking(mode):
    """A question is answered, refused, or not answered in time."""
    script = """
from procession import child
for message in child.messages():
    if message.body == "no": message.refuse("I will not")
    elif message.body != "wait": message.answer([message.body, "indeed"])
"""
    id_ = await mode.submit(python(script, channel=True))

    assert await mode.request(id_, {"a": 1}) == [{"a": 1}, "indeed"]
    with pytest.raises(RequestRefused, match="I will not"):
        await mode.request(id_, "no")
    with pytest.raises(RequestTimedOut) as caught:
        await mode.request(id_, "wait", timeout_s=0.1)
    assert caught.value.timeout_s == 0.1
    await mode.kill(id_)


async def test_who_cannot_be_talked_to(mode):
    """No channel, a closed one, no such message: each is an error of its own."""
    without = await mode.submit(Command(argv=("sleep", "100")))
    with pytest.raises(StreamUnavailable):
        await mode.send(without, "hello")
    script = "from procession import child; child.disconnect(); import time; time.sleep(100)"
    hangs_up = await mode.submit(python(script, channel=True))
    async with asyncio.timeout(20):
        while "channel_closed" not in [fact.name for fact in await mode.facts(hangs_up)]:
            await asyncio.sleep(0.01)
    with pytest.raises(Disconnected):
        await mode.send(hangs_up, "hello")
    await mode.kill(without)
    await mode.kill(hangs_up)


async def test_readiness_lets_others_run(mode):
    """C078: dependents run once it is ready, and not before; what it says of itself is shown."""
    script = """
import time; from procession import child
time.sleep(0.3); child.progress(0.5, phase="loading"); child.ready("serving"); time.sleep(100)
"""
    service = await mode.submit(python(script), name="service", ready=ByNotice(), ready_timeout_s=30)
    client = await mode.submit(Command(argv=("true",)), after=[Dependency("service", "ready")])
    waiting = await mode.when(client, lambda view: view.waiting)
    assert (waiting.state, waiting.waiting) == ("queued", "waiting for service to become ready")
    assert (await mode.wait_ready(service)).ready
    assert (await mode.wait(client)).ok
    view = await mode.when(service, lambda view: view.status)
    assert (view.ready, view.status) == (True, "serving")
    assert (view.progress.fraction, view.progress.phase, view.progress.source) == (0.5, "loading", "report")
    silent = await mode.submit(Command(argv=("true",)))
    with pytest.raises(UsageError, match="does not say how"):
        await mode.wait_ready(silent)
    await mode.wait(silent)
    await mode.stop(service)


async def test_a_completion_file_ends_what_stays(mode, tmp_path):
    """A task that is done, by its own file, has succeeded, though it had to be ended."""
    command = Command(argv=("sh", "-c", "echo > made; mv made result; exec sleep 100"), cwd=str(tmp_path), grace_s=0.1)
    view = await mode.run(command, done_when=ByFile("result"))

    assert (view.outcome.kind, view.outcome.stopped_by) == ("succeeded", "done")


async def test_no_sign_of_life_is_an_end(mode):
    """C081: a watchdog that is not fed ends the task, which is told so."""
    view = await mode.run(Command(argv=("sleep", "100"), watchdog_s=0.3, grace_s=0.2))

    assert (view.outcome.kind, view.outcome.stopped_by) == ("timed_out", "watchdog")


GIVES_AND_FINDS = """
import os, socket, sys
attempt = int(os.environ["PROCESSION_ATTEMPT"])
found = int(os.environ.get("LISTEN_FDS", "0"))
channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def say(text, *fds):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds))]
    channel.sendmsg([text], rights if fds else [], 0, os.environ["NOTIFY_SOCKET"])
if attempt == 1:
    assert found == 0
    for name in "state", "other", "gone":
        with open(name, "w+") as file:
            file.write(f"{name} of attempt 1")
            file.flush()
            say(b"FDSTORE=1\\nFDNAME=" + name.encode(), file.fileno())
    say(b"FDSTOREREMOVE=1\\nFDNAME=gone")
    sys.exit(1)
assert os.environ["LISTEN_PID"] == str(os.getpid())
assert os.environ["LISTEN_FDNAMES"] == "state:other", os.environ["LISTEN_FDNAMES"]
for number, name in (3, "state"), (4, "other"):
    with open(number) as file:
        file.seek(0)
        assert file.read() == f"{name} of attempt 1"
if attempt == 2:
    sys.exit(1)
"""


async def test_what_is_given_into_care_is_found_by_the_next_attempt(mode, tmp_path):
    """FDSTORE: the next attempts find the descriptors, by their names, from 3 on; the last end lets go of them."""
    view = await mode.run(python(GIVES_AND_FINDS, cwd=str(tmp_path)), retries=2, retry_delay_s=0)

    assert (view.attempt, view.outcome.message) == (3, "exited with code 0"), await mode.stderr(view.id)
