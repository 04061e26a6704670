"""Recording arrivals: times, order, bounds, and a full disk that hurts nobody."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from procession.streams import recorder, watch
from procession.streams.disk import LogFact, LogNotBounded, LogUnwritable
from procession.streams.log import LogFile
from procession.streams.note import Arrival, ArrivalNote, NotedCuts, NoteReader
from procession.streams.recorder import Recording
from procession.streams.replay import replay

MIB = 1 << 20

ON_A_FULL_DISK = """
import asyncio, json, os, subprocess, sys
from procession.streams import recorder, watch
from procession.streams.log import LogFile
from procession.streams.note import ArrivalNote, NoteReader

recorder.LOOK_WHEN_FULL_S = 0.02

async def main(folder):
    facts, told = [], asyncio.Event()
    def on_fact(fact):
        facts.append(type(fact).__name__)
        told.set()
    with open(folder + "/filler", "wb") as filler:
        filler.write(bytes(500_000))
    with LogFile(folder + "/log") as log, ArrivalNote(folder + "/note") as note:
        recording = recorder.Recording({1: log}, note, on_fact)
        talker = "import os\\nwhile True: os.write(1, bytes(65536))"
        ended = subprocess.run([sys.executable, "-c", talker], stdout=log.fd, stderr=subprocess.DEVNULL).returncode
        await told.wait()
        await asyncio.sleep(0.1)
        told.clear()
        os.unlink(folder + "/filler")
        await told.wait()
        os.write(log.fd, b"more")
        recording.close()
        end = log.size()
    with NoteReader(folder + "/note") as reader:
        noted = [record.end_offset for record in reader.read()]
    print(json.dumps({"facts": facts, "child": ended, "all noted": noted[-1] == end}))

asyncio.run(main(sys.argv[1]))
"""


class TwoLogs:
    """Two logs under recording."""

    def __init__(self, folder: Path, limit_bytes: int | None) -> None:
        self.note_path = str(folder / "note")
        self.out = LogFile(str(folder / "out"), limit_bytes)
        self.err = LogFile(str(folder / "err"))
        self.note = ArrivalNote(self.note_path)
        self.facts: list[LogFact] = []

    def arrivals(self) -> list[Arrival]:
        """What has been noted so far."""
        return noted(self.note_path)

    def end_offset(self) -> int:
        """Where the first log was found to end."""
        return max(arrival.end_offset for arrival in self.arrivals() if arrival.stream == 1)

    def replayed(self) -> list[tuple[int, bytes]]:
        """What was written, in order."""
        pieces = replay({1: self.out.path, 2: self.err.path}, self.note_path)
        return [(each.stream, each.piece.data) for each in pieces]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["TwoLogs"]:
        """Record until the block is left."""
        with self.out, self.err, self.note:
            recording = Recording({1: self.out, 2: self.err}, self.note, self.facts.append)
            self.end = recording.close
            yield self
            self.end()


def noted(note_path: str) -> list[Arrival]:
    """The arrivals in a note."""
    with NoteReader(note_path) as reader:
        return [record for record in reader.read() if isinstance(record, Arrival)]


async def descriptors(name: str) -> int:
    """How many descriptors are open on what has ``name`` in its name, once the loop has had a turn."""
    await asyncio.sleep(0.001)
    targets = []
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            targets.append(os.readlink(f"/proc/self/fd/{fd}"))
    return sum(name in target for target in targets)


@pytest.fixture
def quick_to_close(monkeypatch: pytest.MonkeyPatch):
    """Without watches, the descriptor of inotify is closed in the next turn of the loop."""
    monkeypatch.setattr(watch, "_LINGER_S", 0.0)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_each_growth_is_noted_with_its_time(tmp_path: Path, wait_until: Callable[..., Awaitable[Any]]):
    """One note for a write after a quiet moment, at once, by the wall clock."""
    async with TwoLogs(tmp_path, None).running() as recording:
        before = time.time_ns()
        os.write(recording.out.fd, b"hello")
        await wait_until(recording.arrivals)
        (arrival,) = recording.arrivals()

    assert (arrival.stream, arrival.end_offset) == (1, 5)
    assert before <= arrival.time_ns <= before + 1_000_000_000
    assert recording.facts == []


async def test_both_streams_are_replayed_in_order_of_arrival(tmp_path: Path, wait_until: Callable[..., Awaitable[Any]]):
    """Writes in turn to two logs come back merged as they came (C028: between two notes there is no promise)."""
    written = [(number % 2 + 1, b"%d\n" % number) for number in range(10)]
    async with TwoLogs(tmp_path, None).running() as recording:
        for number, (stream, data) in enumerate(written):
            os.write({1: recording.out, 2: recording.err}[stream].fd, data)
            await wait_until(lambda: len(recording.arrivals()) > number)  # noqa: B023 - awaited within the loop

    assert written == recording.replayed()


async def test_a_flood_is_noted_seldom_and_to_the_end(tmp_path: Path):
    """100,000 writes cost few notes; the last one covers everything."""
    async with TwoLogs(tmp_path, None).running() as recording:
        script = "import os\nfor _ in range(100000): os.write(1, b'x')"
        child = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], stdout=recording.out.fd)
    await asyncio.get_running_loop().shutdown_default_executor()

    assert child.returncode == 0
    assert recording.arrivals()[-1].end_offset == 100_000
    assert len(recording.arrivals()) < 1000


async def test_what_was_written_before_the_end_is_noted(tmp_path: Path):
    """Done means: no more is coming. What came is noted before the recorder returns."""
    async with TwoLogs(tmp_path, None).running() as recording:
        os.write(recording.out.fd, b"last words")
        recording.end()

        assert [arrival.end_offset for arrival in recording.arrivals()] == [10]


async def test_the_bound_is_kept_and_the_cut_is_noted(tmp_path: Path):
    """A child that never stops talking stays within the limit; a replay knows what is gone."""
    async with TwoLogs(tmp_path, MIB).running() as recording:
        if not recording.out.can_cut:
            pytest.skip("the filesystem of the tests cannot punch holes")
        script = "import os\nfor _ in range(2000): os.write(1, b'x' * 65536)"
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], stdout=recording.out.fd, check=True)
        recording.end()
        blocks = os.fstat(recording.out.fd).st_blocks
        cuts = recording.out.cuts
    await asyncio.get_running_loop().shutdown_default_executor()

    assert blocks * 512 <= MIB * 9 // 8 + 65536
    with NotedCuts(recording.note_path) as noted:
        assert cuts == noted.of(1)
    assert len(cuts) == 1
    assert not any(b"\0" in data for _, data in recording.replayed())


async def test_a_log_that_is_already_too_large_is_cut_at_once(
    tmp_path: Path, wait_until: Callable[..., Awaitable[Any]]
):
    """The bound holds also for what an earlier run left."""
    (tmp_path / "out").write_bytes(bytes(5 * MIB))
    async with TwoLogs(tmp_path, MIB).running() as recording:
        await wait_until(lambda: recording.out.cuts)


async def test_a_note_that_cannot_be_written_is_said_once_and_hurts_nobody(
    tmp_path: Path, wait_until: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
):
    """An error is a fact, not an exception; when it is over, what was missed is noted."""
    async with TwoLogs(tmp_path, None).running() as recording:

        def fail(*_: object) -> None:
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as broken:
            broken.setattr(recording.note, "record", fail)
            for _ in range(3):
                os.write(recording.out.fd, b"x")
                await asyncio.sleep(0.02)
            await wait_until(lambda: recording.facts)
        os.write(recording.out.fd, b"x")

    assert [LogUnwritable(recording.out.path, "[Errno 5] Input/output error")] == recording.facts
    assert recording.arrivals()[-1].end_offset == 4


async def test_a_log_that_cannot_be_bounded_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where holes cannot be punched the log stays whole, and we say so before anything is written."""
    from procession.streams import log

    monkeypatch.setattr(log, "punch_hole", lambda *_: log.Punch.NOT_SUPPORTED)
    async with TwoLogs(tmp_path, MIB).running() as recording:
        os.write(recording.out.fd, bytes(3 * MIB))

    assert [LogNotBounded(recording.out.path)] == recording.facts


async def test_closing_leaves_nothing(tmp_path: Path, quick_to_close: None):
    """No watch, no task, no timer, no descriptor but the logs' own; and it may be closed again."""
    async with TwoLogs(tmp_path, None).running() as recording:
        while not await descriptors("inotify"):
            pass
        recording.end()
        recording.end()

        while await descriptors("inotify"):
            pass
        assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert recorder._recorders == {}


async def test_who_is_told_a_fact_may_close(
    tmp_path: Path, wait_until: Callable[..., Awaitable[Any]], quick_to_close: None
):
    """Closing from within a look leaves nothing either."""
    (tmp_path / "note").symlink_to(tmp_path)
    facts: list[LogFact] = []

    def hear(fact: LogFact) -> None:
        facts.append(fact)
        recording.close()

    with LogFile(str(tmp_path / "out")) as log, ArrivalNote(str(tmp_path / "note")) as note:
        recording = Recording({1: log}, note, hear)
        os.write(log.fd, b"x")
        await wait_until(lambda: facts)

        while await descriptors("inotify"):
            pass
        assert recorder._recorders == {}


async def test_many_logs_cost_no_task_and_one_inotify_descriptor(tmp_path: Path):
    """A recording is a few objects and its log's descriptor: the note is opened when there is something to note."""
    before = await descriptors("")
    with contextlib.ExitStack() as opened:
        logs = [opened.enter_context(LogFile(str(tmp_path / str(number)))) for number in range(100)]
        for log in logs:
            note = opened.enter_context(ArrivalNote(log.path + ".note"))
            opened.callback(Recording({1: log}, note).close)
        await asyncio.sleep(0.05)

        assert await descriptors("") == before + len(logs) + 1
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_crowd_is_noted_more_seldom_and_to_the_end(tmp_path: Path):
    """A hundred logs that are written to every few milliseconds cost notes by the second, not by the log."""
    with contextlib.ExitStack() as opened:
        logs = [opened.enter_context(LogFile(str(tmp_path / str(number)))) for number in range(100)]
        notes = [opened.enter_context(ArrivalNote(log.path + ".note")) for log in logs]
        recordings = [Recording({1: log}, note) for log, note in zip(logs, notes, strict=True)]
        end = time.monotonic() + 1
        while time.monotonic() < end:
            for log in logs:
                os.write(log.fd, b"x")
            await asyncio.sleep(0.005)
        seconds = time.monotonic() - end + 1
        for recording in recordings:
            recording.close()
        ends = [(log.size(), noted(note.path)) for log, note in zip(logs, notes, strict=True)]

    assert all(size == arrivals[-1].end_offset for size, arrivals in ends)
    assert sum(len(arrivals) for _, arrivals in ends) < 1000 * seconds + 3 * len(logs)


async def test_a_crowd_does_not_keep_a_bound_waiting(tmp_path: Path):
    """A log that floods among a hundred talkers is bounded while it floods, not only in the end."""
    talkers = [TwoLogs(_made(tmp_path / str(number)), None) for number in range(50)]
    script = "import os, time\nfor _ in range(400): os.write(1, bytes(65536)); time.sleep(0.001)"
    most = 0
    async with contextlib.AsyncExitStack() as running, TwoLogs(tmp_path, MIB).running() as flooded:
        if not flooded.out.can_cut:
            pytest.skip("the filesystem of the tests cannot punch holes")
        for each in talkers:
            await running.enter_async_context(each.running())
        child = subprocess.Popen([sys.executable, "-c", script], stdout=flooded.out.fd)
        while child.poll() is None:
            for each in talkers:
                os.write(each.out.fd, b"x")
                os.write(each.err.fd, b"x")
            most = max(most, os.fstat(flooded.out.fd).st_blocks * 512)
            await asyncio.sleep(0.005)

    assert flooded.end_offset() == 400 * 65536
    assert most < 12 * MIB


async def test_what_cannot_be_watched_is_looked_at(
    tmp_path: Path, wait_until: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
):
    """Without inotify instances the arrivals come later, but they come; nothing is raised."""

    def refuse(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(recorder.Watch, "of_file", refuse)
    async with TwoLogs(tmp_path, None).running() as recording:
        os.write(recording.out.fd, b"hello")
        await wait_until(recording.arrivals)
        os.write(recording.out.fd, b"hello")
        await wait_until(lambda: len(recording.arrivals()) > 1)

    assert recording.facts == []


async def test_a_note_that_is_not_needed_for_a_while_is_put_away(
    tmp_path: Path, wait_until: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
):
    """A log that fell silent keeps no descriptor on its note; when it speaks again, the note goes on."""
    monkeypatch.setattr(recorder, "LOOK_S", 0.02)
    async with TwoLogs(tmp_path, None).running() as recording:
        os.write(recording.out.fd, b"hello")
        await wait_until(recording.arrivals)
        while await descriptors(recording.note_path):
            await asyncio.sleep(0.01)
        os.write(recording.out.fd, b"hello")
        await wait_until(lambda: len(recording.arrivals()) > 1)

    assert [arrival.end_offset for arrival in recording.arrivals()] == [5, 10]


def test_a_full_disk_is_said_and_its_end_too(tmp_path: Path, python: str):
    """One fact when it is full, one when there is room; the child is told by its own write; in the end all is noted."""
    if subprocess.run(["unshare", "-Urm", "mount", "-t", "tmpfs", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a filesystem of our own")
    mount_and_run = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-Urm", "sh", "-c", mount_and_run, "sh", tmp_path, python, ON_A_FULL_DISK]

    seen = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=30).stdout)

    assert seen == {"facts": ["LogDiskFull", "LogDiskRecovered"], "child": 1, "all noted": True}
