"""Checkpoints over the API: asking for them, looking at them, and what `suspend` and `drain` do with them."""

TASKS = {"tasks": [{"command": {"argv": ["true"]}, "name": name} for name in ("a", "b", "c")]}
ALL = {"select": {"words": ["a", "b", "c"]}}


async def test_each_is_asked_and_told(serve):
    """Who has saved, who refused, and who could not be asked at all, each beside the others."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        server.desk.end("b")
        await server.ask("POST", "/v1/tasks/suspend", {"select": {"words": ["c"]}})
        reply = await server.ask("POST", "/v1/tasks/checkpoint", ALL)

        assert [(each["task"], each["answer"]) for each in reply.json["reports"]] == [("a", "saved"), ("c", "refused")]
        assert reply.json["reports"][0]["checkpoint"]["number"] == 1
        assert reply.json["reports"][1]["checkpoint"] is None
        assert [(each["task"], each["code"]) for each in reply.json["problems"]] == [("b", "already_ended")]


async def test_what_was_saved_is_listed_newest_first(serve):
    """Bytes that are no characters come as escapes; without any there is an empty list, and 404 without a task."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        await server.ask("POST", "/v1/tasks/checkpoint", {"select": {"words": ["a"]}})
        await server.ask("POST", "/v1/tasks/checkpoint", {"select": {"words": ["a"]}})
        listed = (await server.ask("GET", "/v1/tasks/a/checkpoints")).json["checkpoints"]
        nothing = await server.ask("GET", "/v1/tasks/b/checkpoints")
        nobody = await server.ask("GET", "/v1/tasks/nobody/checkpoints")

    assert [each["number"] for each in listed] == [2, 1]
    assert listed[0]["saved"] == "/h/\\udcff"
    assert nothing.json == {"checkpoints": []}
    assert (nobody.status, nobody.json["code"]) == (404, "unknown_task")


async def test_nobody_is_asked_for_a_wrong_selection(serve):
    """A word that names nothing is an error, and nothing is done; so is a field that is unknown."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        unknown = await server.ask("POST", "/v1/tasks/checkpoint", {"select": {"words": ["a", "nobody"]}})
        misspelt = await server.ask("POST", "/v1/tasks/suspend", {"select": {"words": ["a"]}, "relaese": True})

        assert (unknown.status, misspelt.status) == (404, 422)
        assert server.desk.calls == [("submit", None, False)]


async def test_suspend_says_how(serve):
    """By default nothing is saved, and the processes are kept."""
    async with serve() as server:
        await server.ask("POST", "/v1/tasks", TASKS)
        for fields in ({}, {"release": True}, {"checkpoint": True}):
            await server.ask("POST", "/v1/tasks/suspend", {"select": {"words": ["a"]}} | fields)

        assert server.desk.calls[1:] == [
            ("suspend", "a", False, False),
            ("suspend", "a", True, False),
            ("suspend", "a", False, True),
        ]


async def test_drain_may_set_aside_what_runs(serve):
    """First nothing more is started, then what runs is set aside; both at once with starting again is refused."""
    async with serve() as server:
        drained = await server.ask("POST", "/v1/drain", {"on": True, "suspend": True})
        refused = await server.ask("POST", "/v1/drain", {"on": False, "suspend": True})

        assert drained.json["state"] == "draining"
        assert server.desk.calls == [("suspend_for_reboot", True)]
        assert (refused.status, refused.json["field"]) == (422, "suspend")
        assert server.desk.is_draining
