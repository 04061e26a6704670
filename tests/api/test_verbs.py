"""Verbs, waiting, input and the rest of the small operations."""

import asyncio
import base64

TASKS = {"tasks": [{"command": {"argv": ["true"]}, "name": name} for name in ("a", "b")]}
BOTH = {"select": {"words": ["a", "b"]}}


async def test_verbs(serve):
    """Each verb reaches every selected task with what it was given, and answers with the tasks after it."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)

        async def states(verb, **fields):
            reply = await server.ask("POST", f"/v1/tasks/{verb}", BOTH | fields)
            assert reply.json["problems"] == []
            return {each["state"] for each in reply.json["tasks"]}

        assert await states("suspend") == {"suspended"}
        assert await states("resume") == {"running"}
        assert await states("signal", signal="USR1", scope="tree") == {"running"}
        assert await states("stop", grace_s=2.5) == {"ended"}
        assert await states("retry") == {"queued"}
        assert await states("kill") == {"ended"}
        assert await states("remove") == {"ended"}
        assert ("stop", "b", 2.5) in server.desk.calls
        assert ("signal", "a", "USR1", "tree") in server.desk.calls
        assert server.desk.views == {}


async def test_wait(serve):
    """Waiting ends when the last is over."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        waiting = asyncio.ensure_future(server.ask("POST", "/v1/tasks/wait", BOTH))
        server.desk.end("a")
        server.desk.end("b", 3)
        reply = (await waiting).json

    assert (reply["timed_out"], [each["outcome"]["code"] for each in reply["tasks"]]) == (False, [0, 3])


async def test_wait_until_time_is_up(serve):
    """Waiting ends when time is up, and says so."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        server.desk.end("a")
        reply = (await server.ask("POST", "/v1/tasks/wait", BOTH | {"timeout_s": 0.05})).json

    assert (reply["timed_out"], [each["state"] for each in reply["tasks"]]) == (True, ["ended", "queued"])


async def test_wait_does_not_hold_up_the_end(serve):
    """Who waits when the daemon ends is told so, and may ask again."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        waiting = asyncio.ensure_future(server.ask("POST", "/v1/tasks/wait", BOTH))
        await asyncio.sleep(0.05)
        server.ending.set()
        reply = await waiting

    assert (reply.status, reply.json["code"]) == (503, "daemon_unavailable")


async def test_input(serve):
    """Bytes reach the task as they are."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        body = {"base64": base64.b64encode(b"\0\xff\n").decode(), "end": True}
        reply = await server.ask("POST", "/v1/tasks/a/input", body)

        assert (reply.status, reply.json) == (200, {})
        assert server.desk.calls[-1] == ("input", "a", b"\0\xff\n", True)


async def test_the_rest(serve):
    """Status, drain, clean, doctor and shutdown answer what the desk says."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        server.desk.end("a")

        assert (await server.ask("GET", "/v1/status")).json["counts"] == {"ended": 1, "queued": 1}
        assert (await server.ask("POST", "/v1/drain", {"on": True})).json["state"] == "draining"
        assert (await server.ask("POST", "/v1/clean", {"keep": 0})).json == {"removed": ["a"], "freed_bytes": 10}
        assert (await server.ask("GET", "/v1/doctor")).json["checks"][0]["ok"] is True
        assert not server.has_parted
        assert (await server.ask("POST", "/v1/shutdown", {})).json == {"kept": 1, "ended": 0}
        assert server.has_parted
