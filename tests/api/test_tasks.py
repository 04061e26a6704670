"""Tasks over HTTP: submit, list, show, edit."""

TRUE = {"command": {"argv": ["true"]}}


def named(name, **fields):
    """A task of this name, as JSON."""
    return TRUE | {"name": name} | fields


async def test_submit(serve):
    """What is submitted gets ids in its order, and the context goes along."""
    async with serve() as server:
        body = {"tasks": [named("a"), TRUE], "context": {"env": {"K": "v"}, "umask": 18}}
        reply = await server.ask("POST", "/v1/tasks", body)

        assert (reply.status, reply.json) == (201, {"ids": ["a", "t2"]})
        assert server.desk.calls[0][1].env == {"K": "v"}


async def test_list_and_filters(serve):
    """Words, globs, groups, states and a limit choose; the newest are last."""
    async with serve() as server:
        tasks = [named("a1", group="g"), named("a2"), named("b1", group="g")]
        await server.ask("POST", "/v1/tasks", {"tasks": tasks})
        server.desk.start("a2")

        async def ids(query):
            return [each["id"] for each in (await server.ask("GET", "/v1/tasks" + query)).json["tasks"]]

        assert await ids("") == ["a1", "a2", "b1"]
        assert await ids("?word=a*") == ["a1", "a2"]
        assert await ids("?word=a2&group=g") == ["a1", "a2", "b1"]
        assert await ids("?state=queued&state=ended") == ["a1", "b1"]
        assert await ids("?limit=1") == ["b1"]


async def test_table(serve):
    """The table has a line of names, then a line for each task, without any control character."""
    async with serve() as server:
        await server.ask(
            "POST", "/v1/tasks", {"tasks": [{"command": {"argv": ["a\tb\n\x1b]52;c;x\x07"]}, "name": "n"}]}
        )
        reply = await server.ask("GET", "/v1/tasks", accept="text/tab-separated-values")

    head, row, rest = reply.body.decode().split("\n")
    assert reply.headers["content-type"] == "text/tab-separated-values; charset=utf-8"
    assert head.split("\t")[:4] == ["id", "state", "attempt", "pid"]
    assert row.split("\t")[:5] == ["n", "queued", "1", "", ""]
    assert len(row.split("\t")) == len(head.split("\t"))
    assert all(each.isprintable() for each in row.split("\t"))
    assert rest == ""


async def test_show(serve, tmp_path):
    """One task is shown with its logs and their sizes; one that is not there yet has 0 bytes."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", {"tasks": [named("a")]})
        (tmp_path / "a.stdout").write_bytes(b"12345")
        shown = (await server.ask("GET", "/v1/tasks/a")).json

    assert shown["task"]["id"] == "a"
    assert {stream: log["size_bytes"] for stream, log in shown["logs"].items()} == {"stdout": 5, "stderr": 0}


async def test_edit(serve):
    """What is given is changed, and null is not the same as nothing."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", {"tasks": [named("a", group="g")]})
        body = {"priority": 7, "group": None, "command.cwd": None, "command.argv": ["x"]}
        reply = await server.ask("PATCH", "/v1/tasks/a", body)

        changes = {"priority": 7, "group": None, "command.cwd": None, "command.argv": ("x",)}
        assert server.desk.calls[-1] == ("edit", "a", changes)
        assert (reply.json["priority"], reply.json["group"]) == (7, None)
