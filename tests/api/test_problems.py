"""Every way to fail is a problem with a status, a code and a sentence."""

import json

import pytest

TRUE = {"command": {"argv": ["true"]}}
SELECT = {"select": {"words": ["a"]}}

WRONG = {
    "no such task": ("GET", "/v1/tasks/nobody", None, 404, "unknown_task"),
    "no such word": ("GET", "/v1/tasks?word=b*", None, 404, "unknown_task"),
    "no such group": ("POST", "/v1/tasks/stop", {"select": {"groups": ["g"]}}, 404, "unknown_task"),
    "no such place": ("GET", "/v1/nothing", None, 404, "unknown_path"),
    "no such method": ("POST", "/v1/status", {}, 405, "method_not_allowed"),
    "nothing selected": ("POST", "/v1/tasks/stop", {"select": {}}, 422, "usage"),
    "no body": ("POST", "/v1/tasks", b"", 422, "usage"),
    "no JSON": ("POST", "/v1/tasks", b"{", 422, "usage"),
    "no UTF-8": ("POST", "/v1/tasks", b'{"tasks":"\xff"}', 422, "usage"),
    "unknown field": ("POST", "/v1/tasks/stop", SELECT | {"grace": 1}, 422, "usage"),
    "unknown parameter": ("GET", "/v1/tasks?wrod=a", None, 422, "usage"),
    "parameter twice": ("GET", "/v1/tasks?limit=1&limit=2", None, 422, "usage"),
    "wrong type": ("POST", "/v1/tasks/stop", SELECT | {"grace_s": "soon"}, 422, "usage"),
    "wrong command": ("POST", "/v1/tasks", {"tasks": [{"command": {"argv": []}}]}, 422, "invalid_command"),
    "wrong name": ("POST", "/v1/tasks", {"tasks": [TRUE | {"name": "../../x"}]}, 422, "invalid_task"),
    "wrong signal": ("POST", "/v1/tasks/signal", SELECT | {"signal": "SIGNOPE"}, 422, "invalid_signal"),
    "body not wanted": ("GET", "/v1/status", {"a": 1}, 422, "usage"),
    "name taken": ("POST", "/v1/tasks", {"tasks": [TRUE | {"name": "a"}]}, 409, "conflict"),
    "wrong resume token": ("GET", "/v1/events?after=99", None, 422, "usage"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_refusals(serve, wrong):
    """What is wrong is answered with problem+json: type, title, status, detail, code and hint."""
    method, target, body, status, code = wrong
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", {"tasks": [TRUE | {"name": "a"}]})
        reply = await server.ask(method, target, body)

    problem = reply.json
    assert (reply.status, problem["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:procession:error:{code}"
    assert problem["status"] == status
    assert {"title", "detail", "hint"} <= problem.keys()


async def test_fields_are_named(serve):
    """A refusal names the field, and the place where it stands."""
    async with serve() as server:
        body = {"tasks": [TRUE, {"command": {"argv": ["a", "b\0"]}}]}
        command = (await server.ask("POST", "/v1/tasks", body)).json
        unknown = (await server.ask("POST", "/v1/tasks", {"tasks": [TRUE | {"nmae": "a"}]})).json

    assert (command["field"], command["place"]) == ("argv[1]", "tasks[1].command")
    assert "nmae" in unknown["detail"]
    assert unknown["field"] == "tasks[0]"


async def test_full_disk(serve):
    """What could not be recorded is refused with 503, and no reply says that it happened."""
    async with serve() as server:
        server.desk.is_disk_full = True
        reply = await server.ask("POST", "/v1/tasks", {"tasks": [TRUE]}, Idempotency_Key="k")

    assert (reply.status, reply.json["code"], reply.json["path"]) == (503, "store_unavailable", "/h/store.db")


async def test_bugs(serve, caplog):
    """A bug is answered with 500 and without its story, which goes to the log."""
    async with serve() as server:
        server.desk.status = lambda: 1 / 0
        reply = await server.ask("GET", "/v1/status")

    assert (reply.status, reply.json["code"]) == (500, "internal")
    assert "division" not in json.dumps(reply.json)
    assert "ZeroDivisionError" in caplog.text


async def test_problems_beside_tasks(serve):
    """What fails for one task is a problem beside the others."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", {"tasks": [TRUE | {"name": "a"}, TRUE | {"name": "b"}]})
        server.desk.end("a")
        reply = await server.ask("POST", "/v1/tasks/signal", {"select": {"all": True}, "signal": "USR1"})

    assert reply.status == 200
    assert [each["id"] for each in reply.json["tasks"]] == ["b"]
    assert [(each["task"], each["code"], each["status"]) for each in reply.json["problems"]] == [
        ("a", "already_ended", 409)
    ]
