"""Real clients whose supervisor dies by SIGKILL while a tool runs: they go on, and nothing they say is lost."""

from collections import Counter

import pytest
from tests.agents.conftest import events_in, left_of, runs_step
from tests.crash.conftest import settle, wait_gone

pytestmark = pytest.mark.agents
ONCE = ("started", "exited", "ended", "agent_said")


def commands_told(name, events):
    """Give the commands of the tools that a client told of."""
    match name:
        case "codex":
            items = [each["item"] for each in events if each["type"] == "item.started"]
            return [each["command"] for each in items if each["type"] == "command_execution"]
        case "gemini":
            return [each["parameters"]["command"] for each in events if each["type"] == "tool_use"]
    return [each["part"]["state"]["input"]["command"] for each in events if each["type"] == "tool_use"]


@pytest.mark.parametrize("meanwhile", ["goes on", "ends"])
@pytest.mark.parametrize("name", ["codex", "gemini", "opencode"])
def test_nothing_is_lost_when_the_daemon_is_killed(name, meanwhile, agent, model, house):
    """It works on; its stream is whole; the next daemon knows session, usage and end."""
    one = agent(name)
    house.start()
    with house.client() as client:
        client.submit(one.command("Alpha STEPS=4 SLEEP=2"), name="alpha", agent=name)
        tree = settle(lambda: runs_step(client.get("alpha").pid))
        before = settle(lambda: (view := client.get("alpha")).session and view)
        house.kill()
        if meanwhile == "ends":
            wait_gone(before.pid)
        else:
            settle(lambda: len(model.requests("Alpha")) == 3)
        house.start()
        (view,) = client.wait("alpha", timeout_s=60).tasks

    requests = model.requests("Alpha")
    asked = [each["command"] for each in requests if each["command"]]
    told = commands_told(name, events_in(house.log_of("alpha")))
    assert len(asked) == len(told) == 4
    assert all(command in text for command, text in zip(asked, told, strict=True))
    assert (view.outcome.kind, view.attempt, view.pid) == ("succeeded", 1, before.pid)
    assert view.session == view.agent.session == before.session
    assert view.agent.terminal == "success"
    assert "All 4 steps done. I see 1 user turn(s)" in view.agent.message
    counted = model.requests("Alpha", own=True) if name == "gemini" else requests
    assert view.agent.input_tokens == sum(each["input_tokens"] for each in counted)
    happened = Counter(event["event"] for event in house.events("alpha"))
    assert [happened[each] for each in ONCE] == [1] * len(ONCE)
    assert left_of(tree) == []
