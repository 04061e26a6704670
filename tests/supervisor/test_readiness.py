"""Tasks that are ready, by their own word or seen from outside, and those who wait for that."""

import asyncio
import socket

import pytest

from procession.errors import InvalidTask
from procession.model.event import Notified
from procession.model.outcome import OutcomeKind
from procession.model.readiness import ByFile, ByHttp, ByLog, ByNotice, ByPort
from procession.model.task import Dependency, task


def when_ready(name: str) -> list[Dependency]:
    """Wait for the readiness of one task."""
    return [Dependency(name, "ready")]


async def test_a_notice_makes_it_ready_and_lets_the_next_start(stage):
    """C078: who waits for readiness waits for READY=1, not for the start; a second one changes nothing."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice())
        it.supervisor.submit(["app"], name="app", after=when_ready("db"))
        await it.settle()
        assert it.state("app") == "queued"
        assert it.supervisor.get("app").waiting == "waiting for db to become ready"

        for _ in range(2):
            it.launcher.of("db").tell(Notified(at=0.0, fields={"STATUS": "loaded", "READY": "1"}))
        await it.settle()
        assert it.state("app") == "running"
        assert it.supervisor.get("db").ready
        assert it.names("db").count("ready") == 1


async def test_another_notice_makes_nothing_ready(stage):
    """A status is no readiness."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice())
        await it.settle()
        it.launcher.of("db").tell(Notified(at=0.0, fields={"STATUS": "READY=1"}))
        await it.settle()
        assert not it.supervisor.get("db").ready


async def test_never_ready_in_time_is_ended(stage):
    """C078: what is not ready within its time is ended, timed out, and says why; who waits for it never runs."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice(), ready_timeout_s=30)
        it.supervisor.submit(["app"], name="app", after=when_ready("db"))
        await it.settle()
        it.clock.move(29)
        await it.settle()
        assert it.state("db") == "running"

        it.clock.move(1)
        view = await it.supervisor.wait("db")
        assert view.outcome.stopped_by == "readiness"
        assert (await it.supervisor.wait("app")).outcome.message.startswith("needs db to become ready, but that")


async def test_ready_in_time_is_not_ended_later(stage):
    """The time-out is over once it is ready."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice(), ready_timeout_s=30)
        await it.settle()
        it.launcher.of("db").tell(Notified(at=0.0, fields={"READY": "1"}))
        it.clock.move(60)
        await it.settle()
        assert it.state("db") == "running"


async def test_it_may_ask_for_more_time(stage):
    """C078: EXTEND_TIMEOUT_USEC moves the time-out, and never brings it nearer."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice(), ready_timeout_s=30)
        await it.settle()
        it.clock.move(20)
        it.launcher.of("db").tell(Notified(at=0.0, fields={"EXTEND_TIMEOUT_USEC": "60000000"}))
        it.launcher.of("db").tell(Notified(at=0.0, fields={"EXTEND_TIMEOUT_USEC": "1"}))
        it.clock.move(59)
        await it.settle()
        assert it.state("db") == "running"
        it.clock.move(2)
        await it.settle()
        assert it.state("db") == "ended"


async def test_a_pause_does_not_count(stage):
    """While it is suspended its time to become ready stands still."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice(), ready_timeout_s=30)
        await it.settle()
        it.clock.move(10)
        await it.supervisor.suspend("db")
        it.clock.move(1000)
        await it.supervisor.resume("db")
        it.clock.move(19)
        await it.settle()
        assert it.state("db") == "running"
        it.clock.move(1)
        await it.settle()
        assert it.state("db") == "ended"


async def test_an_end_before_readiness_is_just_that_end(stage, failed):
    """C078: what ends before it is ready has its own outcome at once, and cancels who waits."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice(), ready_timeout_s=30)
        it.supervisor.submit(["app"], name="app", after=when_ready("db"))
        await it.settle()
        await it.finish("db", failed)
        assert it.supervisor.get("db").outcome == failed
        assert it.supervisor.get("app").outcome.kind is OutcomeKind.CANCELLED


async def test_a_new_attempt_is_not_ready_yet(stage, failed):
    """What an attempt said of itself is not true of the next one."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice(), retries=1)
        await it.settle()
        it.launcher.of("db").tell(Notified(at=0.0, fields={"READY": "1"}))
        await it.finish("db", failed)
        assert not it.supervisor.get("db").ready


async def test_who_was_ready_and_succeeded_still_counts(stage):
    """A short task that was ready and has succeeded lets those run that came too late to see it."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByNotice())
        await it.settle()
        it.launcher.of("db").tell(Notified(at=0.0, fields={"READY": "1"}))
        await it.finish("db")
        it.supervisor.submit(["app"], name="app", after=when_ready("db"))
        await it.settle()
        assert it.state("app") == "running"


async def test_waiting_for_what_never_says_so_is_refused(stage):
    """Nobody can wait for the readiness of a task that does not say how it becomes ready."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db")
        with pytest.raises(InvalidTask, match="does not say how") as caught:
            it.supervisor.submit(["app"], name="app", after=when_ready("db"))
        assert 'ready = "notify"' in caught.value.hint
        with pytest.raises(InvalidTask, match="does not say how"):
            it.supervisor.submit_all([task(["a"], name="a"), task(["b"], name="b", after=when_ready("a"))])


async def test_a_line_it_prints_makes_it_ready(stage):
    """A line in what comes through a pipe, cut anywhere."""
    async with stage() as it:
        it.supervisor.submit(["db"], name="db", ready=ByLog("listening on port [0-9]+"))
        await it.settle()
        for piece in (b"listening to music\nlist", b"ening on por", b"t 80"):
            assert not it.supervisor.get("db").ready
            it.launcher.of("db").print(piece)
            await it.settle()
        assert it.supervisor.get("db").ready


async def test_a_port_that_opens_makes_it_ready(stage):
    """An open TCP port, which was not open before."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        async with stage() as it:
            it.supervisor.submit(["db"], name="db", ready=ByPort(listening.getsockname()[1]))
            await it.settle()
            assert not it.supervisor.get("db").ready
            listening.listen()
            await ready(it, "db")


@pytest.mark.parametrize(
    ("status", "is_ready"), [(b"204 No Content", True), (b"302 Found", True), (b"503 Not yet", False)]
)
async def test_an_answer_makes_it_ready(stage, status, is_ready):
    """A status from 200 to 399 is readiness; another is not, but the next may be."""
    answers = [status, b"200 OK"]
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).rstrip())
        writer.write(b"HTTP/1.1 " + answers.pop(0) + b"\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, stage() as it:
        port = server.sockets[0].getsockname()[1]
        it.supervisor.submit(["web"], name="web", ready=ByHttp(f"http://127.0.0.1:{port}/health?deep=1"))
        await ready(it, "web")
        assert asked == [b"GET /health?deep=1 HTTP/1.1"] * (1 if is_ready else 2)


async def test_a_file_that_appears_makes_it_ready(stage, tmp_path):
    """A file that comes to be; one that was there before is none of its own, and its directory may come later."""
    async with stage() as it:
        it.clock.now = 1e10  # far ahead: nothing on this machine is so new
        (tmp_path / "old").touch()
        it.supervisor.submit(["old"], name="old", ready=ByFile(str(tmp_path / "old")))
        await it.settle()
        assert not it.supervisor.get("old").ready
        it.clock.now = 0.0
        it.supervisor.submit(["new"], name="new", ready=ByFile(str(tmp_path / "run" / "new.sock")))
        await it.settle()
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "new.sock").touch()
        await ready(it, "new")
        assert not it.supervisor.get("old").ready


async def ready(it, name: str) -> None:
    """Wait until a task is ready."""
    async with asyncio.timeout(10):
        while not it.supervisor.get(name).ready:
            await asyncio.sleep(0.01)
