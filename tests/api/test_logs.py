"""What a task printed, as a stream: order, offsets, tails, times, following to the end."""

import asyncio
import base64

import pytest

from procession.streams.log import Cut
from procession.streams.note import ArrivalNote

TASK = {"tasks": [{"command": {"argv": ["true"]}, "name": "a"}]}


@pytest.fixture
def printed(tmp_path):
    """To be called with (stream, text, seconds) or (stream, text): writes logs, and the note where a time is given."""

    def write(*pieces):
        ends = {1: 0, 2: 0}
        with ArrivalNote(str(tmp_path / "a.note")) as note:
            for stream, text, *at in pieces:
                name = {1: "stdout", 2: "stderr"}[stream]
                with (tmp_path / f"a.{name}").open("ab") as file:
                    file.write(text)
                    ends[stream] = file.tell()
                if at:
                    note.record(stream, ends[stream], at[0] * 10**9)

    return write


async def read(server, query=""):
    """Give what the stream has, to its end: (stream, bytes, time) each."""
    async with server.stream("/v1/tasks/a/logs" + query) as stream:
        found = await stream.all()
    assert found[-1][0] == "end"
    return [(data["stream"], bytes_of(data), data["at"]) for _, data, _ in found[:-1]]


def bytes_of(data):
    """Give the bytes of a piece."""
    return base64.b64decode(data["base64"]) if "base64" in data else data["text"].encode()


async def test_order_and_times(serve, printed):
    """Both streams come in the order of their arrival, with its time; what nobody noted comes last, without one."""
    printed((1, b"one\n", 10), (2, b"two\n", 20), (1, b"three\n", 30), (2, b"four\n"))
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)

        assert await read(server) == [
            ("stdout", b"one\n", 10),
            ("stderr", b"two\n", 20),
            ("stdout", b"three\n", 30),
            ("stderr", b"four\n", None),
        ]
        assert await read(server, "?stream=stderr") == [("stderr", b"two\n", 20), ("stderr", b"four\n", None)]


async def test_offsets(serve, printed):
    """Offsets start anywhere, and the id of each piece says where to go on."""
    printed((1, b"0123456789", 10), (2, b"abc", 20))
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        async with server.stream("/v1/tasks/a/logs?offset_stdout=4&offset_stderr=1") as stream:
            found = await stream.all()
        assert [(each[1].get("text"), each[2]) for each in found] == [
            ("456789", "stdout:10;stderr:1"),
            ("bc", "stdout:10;stderr:3"),
            (None, "stdout:10;stderr:3"),
        ]
        async with server.stream("/v1/tasks/a/logs", Last_Event_ID="stdout:10;stderr:1") as stream:
            assert (await stream.next())[1]["text"] == "bc"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, b""), (1, b"2c\n"), (3, b"1b\n1c\n2c\n"), (99, b"1a\n2a\n2b\n1b\n1c\n2c\n")]
)
async def test_tail(serve, printed, count, expected):
    """The last lines are those of both streams together, in the order of their arrival."""
    printed((1, b"1a\n", 10), (2, b"2a\n2b\n", 20), (1, b"1b\n1c\n", 30), (2, b"2c\n", 40))
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)

        assert b"".join(data for _, data, _ in await read(server, f"?tail={count}")) == expected


async def test_tail_of_long_lines(serve, printed):
    """The search for the last lines goes beyond one block, and the last line need not be ended."""
    printed((1, b"x\n" + b"y" * 100_000 + b"\n" + b"z" * 70_000))
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        found = b"".join(data for _, data, _ in await read(server, "?tail=2&stream=stdout"))

    assert found == b"y" * 100_000 + b"\n" + b"z" * 70_000


async def test_since(serve, printed):
    """What came before the time is left out."""
    printed((1, b"old\n", 10), (2, b"new\n", 20), (1, b"newer\n", 30))
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)

        assert [data for _, data, _ in await read(server, "?since=15")] == [b"new\n", b"newer\n"]


async def test_bytes_and_gaps(serve, printed, tmp_path):
    """What is no UTF-8 comes as base64; what a bound removed comes as a gap of its size."""
    printed((1, b"\xff\xfe", 10), (1, b"removed", 20), (1, b"kept", 30))
    with ArrivalNote(str(tmp_path / "a.note")) as note:
        note.record_cut(1, Cut(2, 9))
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        async with server.stream("/v1/tasks/a/logs") as stream:
            found = [data for _, data, _ in await stream.all()][:-1]

    assert [each.get("base64") for each in found] == ["//4=", None, None]
    assert [each.get("gap_bytes") for each in found] == [None, 7, None]
    assert found[2]["text"] == "kept"


async def test_follow(serve, printed):
    """Following begins before there is a log, and ends when the task is over, with everything that was written."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        async with server.stream("/v1/tasks/a/logs?follow=true") as stream:
            assert await stream.line() == b": hello\n"
            printed((1, b"first\n"))
            assert (await stream.next())[1]["text"] == "first\n"
            printed((2, b"second\n"))
            second = (await stream.next())[1]
            assert (second["text"], second["at"] is not None) == ("second\n", True)
            printed((1, b"last\n"))
            server.desk.end("a", 3)
            assert (await stream.next())[1]["text"] == "last\n"
            name, view, id_ = await stream.next()
            assert (name, view["outcome"]["code"], id_) == ("end", 3, "stdout:11;stderr:7")
            assert await stream.next() is None


async def test_follow_what_is_removed(serve):
    """A task that is removed meanwhile ends its stream."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        async with server.stream("/v1/tasks/a/logs?follow=true") as stream:
            await stream.line()
            server.desk.remove("a")
            server.desk.over["a"].set()
            assert await stream.next() == ("end", None, "stdout:0;stderr:0")


async def test_client_that_goes(serve, wait_until):
    """A client that goes while it follows leaves no waiting behind."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        async with server.stream("/v1/tasks/a/logs?follow=true") as stream:
            await stream.line()
        await wait_until(lambda: not any("_read" in repr(each.get_coro()) for each in asyncio.all_tasks()))
