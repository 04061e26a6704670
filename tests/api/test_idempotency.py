"""The same Idempotency-Key happens once."""

import asyncio

TASK = {"tasks": [{"command": {"argv": ["true"]}}]}


async def test_again(serve):
    """A repeated request gets the first reply, and nothing happens twice."""
    async with serve() as server:
        first = await server.ask("POST", "/v1/tasks", TASK, Idempotency_Key="k")
        again = await server.ask("POST", "/v1/tasks", TASK, Idempotency_Key="k")
        other = await server.ask("POST", "/v1/tasks", TASK, Idempotency_Key="l")

        assert (first.status, again.status) == (201, 201)
        assert first.json == again.json != other.json
        assert (again.headers["idempotency-replayed"], "idempotency-replayed" in first.headers) == ("true", False)
        assert len(server.desk.views) == 2


async def test_another_request(serve):
    """A key that was used for another request is refused."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK, Idempotency_Key="k")
        reply = await server.ask("POST", "/v1/tasks", TASK | {"replace": True}, Idempotency_Key="k")

    assert (reply.status, reply.json["code"]) == (409, "conflict")


async def test_at_the_same_time(serve):
    """Duplicates that come while the first is under way join it."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        server.desk.hold = asyncio.Event()
        body = {"base64": "eA=="}
        asking = [
            asyncio.ensure_future(server.ask("POST", "/v1/tasks/t1/input", body, Idempotency_Key="k")) for _ in range(5)
        ]
        while ("input", "t1", b"x", False) not in server.desk.calls:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        server.desk.hold.set()
        replies = await asyncio.gather(*asking)

        assert [each.status for each in replies] == [200] * 5
        assert [each[0] for each in server.desk.calls].count("input") == 1


async def test_failed_requests_may_be_repeated(serve):
    """A request that failed did nothing, so its key is free again."""
    async with serve() as server:
        body = {"base64": "eA=="}
        first = await server.ask("POST", "/v1/tasks/t1/input", body, Idempotency_Key="k")
        await server.ask("POST", "/v1/tasks", TASK)
        second = await server.ask("POST", "/v1/tasks/t1/input", body, Idempotency_Key="k")

    assert (first.status, second.status) == (404, 200)


async def test_long_verbs_are_not_recorded(serve):
    """Stopping twice is stopping once, so nothing is kept of it."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASK)
        await server.ask("POST", "/v1/tasks/stop", {"select": {"all": True}}, Idempotency_Key="k")

        assert server.desk.replies == {}
