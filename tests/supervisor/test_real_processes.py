"""The supervisor with real children: the same promises, kept by the real launcher."""

import asyncio
import os
import time

import pytest

from procession.errors import StreamUnavailable
from procession.model.command import Command, command, shell
from procession.model.readiness import ByNotice
from procession.model.stdio import PTY, Log
from procession.model.task import Dependency, task
from procession.model.taskfile import read_task_text
from procession.supervisor.supervisor import Supervisor


async def test_every_kind_of_end():
    """Codes, signals, time-outs and failed starts come out as what they are (C030, C035)."""
    async with Supervisor() as supervisor:
        supervisor.submit(["true"], name="good")
        supervisor.submit(shell("exit 137"), name="code")
        supervisor.submit(shell("kill -KILL $$"), name="signal")
        supervisor.submit(command(["sleep", "60"]).replace(timeout_s=0.1), name="late")
        supervisor.submit(["no-such-program"], name="missing")
        views = {view.id: view for view in await supervisor.wait_all()}

    shown = {id_: (view.outcome.kind, view.outcome.code, view.outcome.signal) for id_, view in views.items()}
    assert shown == {
        "good": ("succeeded", 0, None),
        "code": ("failed", 137, None),
        "signal": ("killed", None, 9),
        "late": ("timed_out", None, 15),
        "missing": ("failed_to_start", None, None),
    }
    assert views["missing"].outcome.error_code == "program_not_found"
    assert "no-such-program" in views["missing"].outcome.message


async def test_events_of_a_real_task():
    """Started, exited, closed and ended come once each and in this order (C042)."""
    names = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(lambda event: names.append(event.name))
        await supervisor.wait(supervisor.submit(shell("echo hello")))

    once = ["submitted", "starting", "started", "exited", "closed", "ended"]
    assert [name for name in names if name in once] == once


async def test_output_comes_whole():
    """Every byte of both streams is given to subscribers, however large; the last line is kept (C020)."""
    received = {"stdout": b"", "stderr": b""}

    def receive(task_id, stream, data):
        received[stream] += data

    async with Supervisor() as supervisor:
        supervisor.subscribe_output(receive)
        id_ = supervisor.submit(shell("seq 1 100000; echo error >&2; echo the end"))
        view = await supervisor.wait(id_)

    assert received["stdout"] == b"".join(b"%d\n" % number for number in range(1, 100001)) + b"the end\n"
    assert received["stderr"] == b"error\n"
    assert view.last_line in {"the end", "error"}


async def test_merged_output_and_terminals():
    """One pipe for both streams, and a terminal for both, are read once."""
    received = []
    async with Supervisor() as supervisor:
        supervisor.subscribe_output(lambda *piece: received.append(piece))
        script = "echo out; echo err >&2; test -t 1 && echo terminal"
        supervisor.submit(shell(script).replace(stdout=PTY, stderr=PTY), name="pty")
        view = await supervisor.wait("pty")

    assert view.ok
    assert b"".join(data for _, _, data in received) == b"out\r\nerr\r\nterminal\r\n"


async def test_a_log_is_left_to_the_task(tmp_path):
    """A log is written by the task alone, attempt after attempt; the table still knows its last line."""
    received = []
    log = str(tmp_path / "x.log")
    async with Supervisor(random=lambda: 0.0) as supervisor:
        supervisor.subscribe_output(lambda *piece: received.append(piece))
        script = shell("echo attempt; exit 3").replace(stdout=Log(log), stderr=Log(log + ".err"))
        view = await supervisor.wait(supervisor.submit(script, retries=2))

    assert received == []
    assert (tmp_path / "x.log").read_bytes() == b"attempt\n" * 3
    assert (view.attempt, view.last_line) == (3, "attempt")


async def test_a_grandchild_that_keeps_the_pipe(wait_until):
    """A task whose descendant holds its output ends in bounded time, marked leaked, with its output (C021)."""
    received = []
    began = time.monotonic()
    async with Supervisor() as supervisor:
        supervisor.subscribe_output(lambda *piece: received.append(piece[2]))
        view = await supervisor.wait(supervisor.submit(shell("sleep 30 & echo hi; exit 0")))

    assert time.monotonic() - began < 2
    assert (view.outcome.kind, view.outcome.leaked) == ("succeeded", True)
    assert b"".join(received) == b"hi\n"


async def test_leaving_ends_every_tree_in_parallel():
    """Twenty trees, one of which ignores SIGTERM, end together: the slowest decides (C044, C062)."""
    async with Supervisor() as supervisor:
        for _ in range(19):
            supervisor.submit(shell("sleep 1000 & sleep 1000 | sleep 1000 & wait"))
        stubborn = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done").replace(grace_s=0.5)
        ready = asyncio.Event()
        supervisor.subscribe_output(lambda *_: ready.set())
        supervisor.submit(stubborn, name="stubborn")
        await ready.wait()
        began = time.monotonic()

    assert 0.4 < time.monotonic() - began < 2.5
    views = supervisor.list()
    assert {view.outcome.kind for view in views} == {"stopped"}
    assert [view.id for view in views if view.outcome.forced] == ["stubborn"]


async def test_suspending_stops_the_work(tmp_path, wait_until):
    """A suspended task makes no progress, a resumed one does (C087)."""
    log = tmp_path / "x.log"
    async with Supervisor() as supervisor:
        ticking = shell("while :; do echo x; sleep 0.01; done").replace(stdout=Log(str(log)))
        id_ = supervisor.submit(ticking)
        await wait_until(lambda: log.exists() and log.stat().st_size > 4)
        await supervisor.suspend(id_)
        size = log.stat().st_size
        await asyncio.sleep(0.1)
        assert log.stat().st_size == size

        await supervisor.resume(id_)
        await wait_until(lambda: log.stat().st_size > size)
        assert (await supervisor.stop(id_)).outcome.stopped_by == "user"


async def test_cancelling_the_owner_leaves_nothing():
    """Cancelling whoever owns the block ends every tree before the cancellation comes out."""
    pids = []

    async def own():
        async with Supervisor() as supervisor:
            supervisor.subscribe(lambda event: pids.append(event.pid) if event.name == "started" else None)
            for _ in range(5):
                supervisor.submit(["sleep", "1000"])
            await supervisor.wait_all()

    owner = asyncio.create_task(own())
    while len(pids) < 5:
        await asyncio.sleep(0.01)
    owner.cancel()
    await asyncio.gather(owner, return_exceptions=True)

    assert owner.cancelled()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


async def test_a_task_file_to_its_end(tmp_path):
    """A file's tasks run where it says, in the order of their conditions, and end as they should."""
    (tmp_path / "work").mkdir()
    text = """
        [pool]
        hard_limit = 2
        [tasks.last]
        command = ["cat", "made"]
        cwd = "work"
        after = ["make", { task = "fail", condition = "ended" }]
        stdout = "last.log"
        [tasks.make]
        shell = "echo $WHAT > work/made"
        env = { WHAT = "it" }
        [tasks.fail]
        command = "false"
        retries = 1
        retry_delay = 0
        [tasks.never]
        command = "true"
        after = ["fail"]
    """
    read = read_task_text(text, str(tmp_path / "up.toml"))
    async with Supervisor(hard_limit=read.pool.hard_limit, soft_limit=read.pool.soft_limit) as supervisor:
        supervisor.submit_all(read.tasks)
        views = {view.id: view for view in await supervisor.wait_all()}

    kinds = {id_: view.outcome.kind.value for id_, view in views.items()}
    assert kinds == {"last": "succeeded", "make": "succeeded", "fail": "failed", "never": "cancelled"}
    assert (tmp_path / "last.log").read_text() == "it\n"
    assert "fail" in views["never"].outcome.message
    assert views["last"].cwd == str(tmp_path / "work")


async def test_five_hundred_at_once():
    """Five hundred short tasks, fifty at a time: each ends once with its own code (C031)."""
    ended = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(lambda event: ended.append(event.task) if event.name == "ended" else None)
        supervisor.submit_all([task(shell(f"exit {number % 256}"), name=f"n{number}") for number in range(500)])
        views = await supervisor.wait_all()

    assert [view.outcome.code for view in views] == [number % 256 for number in range(500)]
    assert sorted(ended) == sorted(view.id for view in views)


async def test_a_task_with_a_channel(children):
    """Messages of a task are events of the supervisor, in order; messages to it arrive; a question is refused."""
    command = Command(argv=("node", str(children / "echoes.mjs")), channel=True)
    heard: list = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(lambda event: heard.append(event.message) if event.name == "message_received" else None)
        supervisor.submit(command, name="echo")
        supervisor.submit(["sleep", "60"], name="deaf")
        while not heard:
            await asyncio.sleep(0.005)
        for n in range(1000):
            await supervisor.send("echo", n)
        while len(heard) < 1001:
            await asyncio.sleep(0.005)
        assert heard[1:] == list(range(1000))
        with pytest.raises(StreamUnavailable):
            await supervisor.send("deaf", 1)


async def test_what_a_task_says_of_itself_is_shown(children, python):
    """Each task is listened to: status, progress and readiness stand in its view, and others can wait for it."""
    script = (
        "from procession import child; child.ready('up'); child.progress(0.5, phase='x'); import time; time.sleep(60)"
    )
    async with Supervisor() as supervisor:
        supervisor.submit([python, "-c", script], name="server", ready=ByNotice(), ready_timeout_s=30)
        supervisor.submit(["true"], name="client", after=[Dependency("server", "ready")])
        assert (await supervisor.wait("client")).ok
        while supervisor.get("server").progress is None:
            await asyncio.sleep(0.005)
        view = supervisor.get("server")
        assert (view.ready, view.status, view.progress.fraction, view.progress.phase) == (True, "up", 0.5, "x")
