"""Events as a stream: from any number on, live, and without holding anything for who reads slowly."""

import asyncio

import pytest

TASKS = {"tasks": [{"command": {"argv": ["true"]}, "name": name} for name in ("a", "b")]}


async def test_what_was(serve):
    """Without following, the stream has what there is, and ends."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        async with server.stream("/v1/events") as stream:
            found = await stream.all()

    assert [(name, data["task"], data["seq"], id_) for name, data, id_ in found] == [
        ("submitted", "a", 1, "1"),
        ("submitted", "b", 2, "2"),
    ]


async def test_resume(serve):
    """Last-Event-ID says where to go on, and wins over the query; what comes later follows."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        async with server.stream("/v1/events?follow=true&after=0", Last_Event_ID="1") as stream:
            first = await stream.next()
            server.desk.start("b")
            second = await stream.next()
        assert [(each[0], each[2]) for each in (first, second)] == [("submitted", "2"), ("started", "3")]
        assert await gone(server)


async def test_gap(serve):
    """Events that were removed are not passed over in silence."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        del server.desk.events[:1]
        async with server.stream("/v1/events") as stream:
            found = await stream.all()

    assert [(name, id_) for name, _, id_ in found] == [("gap", "1"), ("submitted", "2")]
    assert found[0][1] == {"event": "gap", "from": 1, "to": 1}


async def test_filter(serve):
    """Words and groups choose tasks, those of later ones too."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        async with server.stream("/v1/events?word=b*&follow=true") as stream:
            assert (await stream.next())[1]["task"] == "b"
            server.desk.start("a")
            await server.ask("POST", "/v1/tasks", {"tasks": [{"command": {"argv": ["true"]}, "name": "b2"}]})
            assert (await stream.next())[1]["task"] == "b2"


async def test_the_end_of_the_daemon_ends_streams(serve):
    """A stream that is followed ends with the daemon."""
    async with serve() as server, server.stream("/v1/events?follow=true") as stream:
        server.ending.set()

        assert await stream.next() is None


async def test_heartbeat(serve, monkeypatch):
    """While nothing happens, a comment shows that the connection lives."""
    monkeypatch.setattr("procession.api.sse.HEARTBEAT_S", 0.02)
    async with serve() as server, server.stream("/v1/events?follow=true") as stream:
        lines = [await stream.line() for _ in range(6)]

    assert lines == [b": hello\n", b"\n", b": \n", b"\n", b": \n", b"\n"]


async def test_slow_client(serve):
    """Who does not read holds up only himself: pages are read when there is room, and none of them is kept."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        pages = []
        before = server.desk.events_after
        big = b'{"event":"started","task":"a","x":"%s"}' % (b"x" * 10_000)
        server.desk.events = [(number, big) for number in range(1, 20_001)]
        server.desk.events_after = lambda seq, limit: pages.append(seq) or before(seq, limit)
        async with server.stream("/v1/events"):
            seen = -1
            while seen != len(pages) or not pages:
                seen = len(pages)
                await asyncio.sleep(0.1)

        assert len(pages) < 10


async def gone(server):
    """Whether the stream's subscription goes once its client is gone."""
    for _ in range(200):
        if not server.desk.subscribers:
            return True
        await asyncio.sleep(0.01)
    return pytest.fail("still subscribed")
