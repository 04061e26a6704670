"""The events of a life: in one order, each once, the same for those who come late."""

import asyncio
import json
import logging
import os

import pytest

from procession import NULL, PIPE, ProgramNotFound, spawn
from procession.model.event import Closed


def names_of(events):
    """Give the words of these events."""
    return [event.name for event in events]


def check_order(names):
    """Every life has these, once, in this order."""
    assert names[:2] == ["starting", "started"]
    assert {name: names.count(name) for name in ("starting", "started", "exited", "closed", "tree_empty")} == {
        "starting": 1,
        "started": 1,
        "exited": 1,
        "closed": 1,
        "tree_empty": 1,
    }
    assert names.index("started") < names.index("exited") < names.index("closed")
    assert names[-1] in {"closed", "tree_empty"}
    if "output_ended" in names:
        assert max(index for index, name in enumerate(names) if name == "output_ended") < names.index("closed")


SCRIPTS = {
    "at once": "exit 0",
    "prints": "echo out; echo err >&2; exit 1",
    "closes first": "exec >&- 2>&-; sleep 0.1; exit 3",
    "leaks": "sleep 0.5 & echo hi; exit 0",
    "dies": "echo; kill -9 $$",
    "leaves a tree": "sleep 0.2 >/dev/null 2>&1 & exit 0",
}


@pytest.mark.parametrize("story", SCRIPTS)
async def test_events_come_in_order_and_once(tree_kind, story):
    """C042: starting, started, outputs, exited, closed, each once, and times never go back, however it ends."""
    events = []
    for _ in range(3):
        events.clear()
        async with spawn(["sh", "-c", SCRIPTS[story]], on_event=events.append) as process:
            await process.wait()
        check_order(names_of(events))
        times = [event.at for event in events]
        assert times == sorted(times)
        assert events[names_of(events).index("closed")].outcome == process.outcome


async def test_output_may_end_before_the_exit(tree_kind):
    """C042: a program that closes its output and lives on: both ends are told at once, the exit when it comes."""
    events = []
    async with spawn(["sh", "-c", SCRIPTS["closes first"]], on_event=events.append) as process:
        assert await process.stdout.read() == b""
        assert await process.stderr.read() == b""
        assert names_of(events) == ["starting", "started", "output_ended", "output_ended"]
        assert (await process.wait()).code == 3


async def test_a_start_that_fails_is_told_once():
    """C042: then there is only starting and the failure, with the code of the error that is raised."""
    events = []
    with pytest.raises(ProgramNotFound) as raised:
        async with spawn(["/no/such/program"], on_event=events.append):
            pass

    assert names_of(events) == ["starting", "start_failed"]
    assert (events[1].error, events[1].message) == (raised.value.code, raised.value.message)


async def test_late_subscribers_miss_nothing_and_hear_nothing_twice(tree_kind):
    """C042: whoever subscribes at any moment, even from within an event, has the same list at the end."""
    first, nested, late = [], [], []

    def hear(event):
        first.append(event)
        if event.name == "started":
            asyncio.get_running_loop().call_soon(lambda: process.subscribe(nested.append))

    async with spawn(["sh", "-c", "echo out; sleep 0.1"], on_event=hear) as process:
        await asyncio.sleep(0.05)
        process.subscribe(late.append)
        await process.wait()
    after = []
    process.subscribe(after.append)

    assert first == nested == late == after
    check_order(names_of(first))


async def test_a_subscriber_within_a_subscriber(tree_kind):
    """C042: one who subscribes while an event is being told hears that event once."""
    heard = []
    async with spawn(["true"], stdout=NULL, stderr=NULL) as process:

        def hear(event):
            if isinstance(event, Closed):
                process.subscribe(heard.append)

        process.subscribe(hear)
        await process.wait()

    assert names_of(heard).count("closed") == 1


async def test_a_subscriber_that_fails_stops_nobody(tree_kind, caplog):
    """C042: what a subscriber raises is logged; the others, the job and its record go on."""
    heard = []

    def fail(event):
        raise RuntimeError(event.name)

    with caplog.at_level(logging.ERROR, "procession"):
        async with spawn(["true"], on_event=fail) as process:
            process.subscribe(heard.append)
            assert (await process.wait()).ok
    check_order(names_of(heard))
    assert "a subscriber failed on exited" in caplog.text


async def test_unsubscribing_ends_it():
    """C042: after unsubscribing nothing more is heard, and doing it twice does no harm."""
    heard = []
    async with spawn(["sh", "-c", "read line"], stdin=PIPE) as process:
        unsubscribe = process.subscribe(heard.append)
        unsubscribe()
        unsubscribe()
        await process.stdin.close()
        await process.wait()

    assert names_of(heard) == ["starting", "started"]


async def test_events_are_plain_json():
    """C042: every event of a life can be written as JSON, undecodable arguments included."""
    events = []
    async with spawn(["sh", "-c", "true", os.fsdecode(b"\xff")], on_event=events.append) as process:
        await process.wait()

    for event in events:
        assert json.loads(json.dumps(event.as_dict()))["event"] == event.name
