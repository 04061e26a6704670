"""What is told: to callbacks, to iterators, to the log."""

import asyncio
import logging

from msgspec.structs import replace

from procession.model.command import command
from procession.model.event import Snapshot, Submitted
from procession.model.task import task
from procession.model.view import view_of
from procession.supervisor.fold import fold


async def test_one_task_in_order(stage):
    """Started, then exited, then closed, each once, within what happens to the task (C042)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.finish("a")

        assert it.names("a") == ["submitted", "starting", "started", "exited", "closed", "tree_empty", "ended"]


async def test_late_listeners_miss_and_repeat_nothing(stage):
    """A late iterator gives the state as it is, then only newer events: together they give the end (C042)."""
    async with stage(hard_limit=2) as it:
        for name in "abc":
            it.supervisor.submit([name], name=name)
        await it.settle()
        listening = it.supervisor.events()
        seen_before = len(it.events)
        await it.finish("a")
        await it.finish("b")

        snapshot = await anext(listening)
        assert isinstance(snapshot, Snapshot)
        assert [view.state for view in snapshot.tasks] == ["running", "running", "queued"]
        views = {view.id: view for view in snapshot.tasks}
        for expected in it.events[seen_before:]:
            event = await anext(listening)
            assert event == expected
            views[event.task] = fold(views[event.task], event)
        assert list(views.values()) == it.supervisor.list()


async def test_iterators_end_with_the_block(stage):
    """The end of the block is the end of the events, after the last of them."""
    async with stage() as it:
        listening = it.supervisor.events()
        it.supervisor.submit(["a"], name="a")
        await it.settle()

    names = [event.name async for event in listening]
    assert names[0] == "snapshot"
    assert names[-1] == "ended"


async def test_an_iterator_waits_for_news(stage):
    """Who listens waits until there is something, and may stop listening."""
    async with stage() as it:
        listening = it.supervisor.events()
        await anext(listening)
        waiting = asyncio.create_task(anext(listening))
        await it.settle()
        assert not waiting.done()
        it.supervisor.submit(["a"], name="a")
        assert (await waiting).name == "submitted"

        await listening.aclose()
        assert [event async for event in listening] == []


async def test_replaying_gives_the_same(stage, failed):
    """Folding the events of a task from its submission gives its view: state is derived, never set."""
    async with stage(random=lambda: 1.0) as it:
        it.supervisor.submit(["a"], name="a", retries=1)
        await it.settle()
        await it.finish("a", failed)
        it.clock.move(5)
        await it.settle()
        await it.supervisor.suspend("a")
        await it.supervisor.stop("a")

        submitted = next(event for event in it.events if isinstance(event, Submitted))
        live = it.supervisor.get("a")
        view = view_of(task(["a"], name="a", retries=1), "a", live.cwd, submitted.at)
        for event in it.events:
            view = fold(view, event)
        assert view == live


async def test_a_failing_subscriber_hurts_nobody(stage, caplog):
    """What a subscriber raises is logged; the others are told, and the task goes on."""
    async with stage() as it:
        later = []
        it.supervisor.subscribe(lambda _: 1 / 0)
        it.supervisor.subscribe(later.append)
        it.supervisor.subscribe_output(lambda *_: 1 / 0)
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        it.launcher.of("a").print(b"x\n")
        await it.finish("a")

        assert later == it.events
        assert it.supervisor.get("a").ok
        assert "ZeroDivisionError" in caplog.text


async def test_everybody_hears_the_same_order(stage):
    """What a subscriber causes is told after what it reacted to, to all in the same order."""
    async with stage() as it:
        other = []
        it.supervisor.subscribe(lambda event: it.supervisor.submit(["b"]) if event.task == "a" else None)
        it.supervisor.subscribe(other.append)
        it.supervisor.submit(["a"], name="a")
        await it.settle()

        assert other == it.events
        assert other[0].task == "a"


async def test_listening_from_within_an_event(stage):
    """Who begins to listen while events are being told repeats none of those the snapshot has already (C042)."""
    async with stage() as it:
        listeners = []

        def react(event):
            if event.task == "a" and event.name == "submitted":
                it.supervisor.submit(["b"], name="b")
                listeners.append(it.supervisor.events())

        it.supervisor.subscribe(react)
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        snapshot = await anext(listeners[0])
        assert [view.id for view in snapshot.tasks] == ["a", "b"]
        assert (await anext(listeners[0])).name == "starting"


async def test_no_longer_told(stage):
    """Who has unsubscribed hears nothing more."""
    async with stage() as it:
        heard = []
        quit_ = it.supervisor.subscribe(heard.append)
        quit_()
        quit_()
        it.supervisor.submit(["a"])

        assert heard == []


async def test_the_log_has_one_line_per_event(stage, caplog):
    """Every event is one line of the log, with the task's name, harmless to a terminal, without the environment."""
    caplog.set_level(logging.INFO, logger="procession")
    async with stage() as it:
        it.supervisor.submit(command(["a", "\x1b[31m\n"]).replace(env={"TOKEN": "hunter2"}), name="a")
        await it.settle()
        await it.finish("a")

        lines = [record.getMessage() for record in caplog.records if record.name == "procession.task"]
        assert len(lines) == len(it.events)
        assert "a: started pid=10000" in lines
        assert "a: ended outcome=exited with code 0" in lines
        assert all("\x1b" not in line and "\n" not in line and "hunter2" not in line for line in lines)


async def test_output_reaches_subscribers(stage):
    """Pieces of output are given with their task and stream, and the last line is kept for the table."""
    async with stage() as it:
        pieces = []
        it.supervisor.subscribe_output(lambda *piece: pieces.append(piece))
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        assert it.supervisor.get("a").last_line is None
        process = it.launcher.of("a")
        process.print(b"one\ntw")
        process.print(b"oops\n", "stderr")
        await it.settle()
        assert it.supervisor.get("a").last_line == "oops"
        process.print(b"o\n\n")
        await it.settle()
        assert it.supervisor.get("a").last_line == "two"
        process.print(b"10%\r20%")
        await it.finish("a")

        assert sorted(pieces) == sorted(
            [
                ("a", "stdout", b"one\ntw"),
                ("a", "stderr", b"oops\n"),
                ("a", "stdout", b"o\n\n"),
                ("a", "stdout", b"10%\r20%"),
            ]
        )
        assert it.supervisor.get("a").last_line == "20%"


async def test_views_are_values(stage):
    """A view that was given does not change when the task does."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        before = it.supervisor.get("a")
        copy = replace(before)
        await it.settle()
        await it.finish("a")

        assert before == copy
        assert it.supervisor.get("a") != before
