"""It has succeeded when it says so and exits well, and not before."""

import pytest

from procession.model.agent import AgentView
from procession.monitor.agents.catalogue import profile_named
from procession.monitor.agents.verdict import agent_success, prints_events

DONE = AgentView(terminal="success", status="succeeded")


def test_a_gemini_that_exits_well_without_a_result_has_not_succeeded(hear):
    """That is what it does when nobody reads its output any more: with half the work done."""
    view = hear("gemini", {"type": "init", "session_id": "8e82afa9-a974-4d84-81e4-540b6c0cae20"}).view

    assert agent_success(profile_named("gemini"), view, 0) == (
        False,
        "gemini exited with code 0 without saying that it succeeded",
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1, "exited with code 1"), (145, "exited with code 145"), (-9, "a signal"), (None, "a signal")],
)
def test_who_says_success_but_ends_badly_has_not_succeeded(code, reason):
    """145 is a code of gemini's (401 & 0xff), and no signal."""
    succeeded, why = agent_success(profile_named("gemini"), DONE, code)

    assert not succeeded
    assert reason in why


def test_who_says_failure_and_exits_well_has_failed():
    """In its words."""
    view = AgentView(terminal="failure", problem="no tokens left")

    assert agent_success(profile_named("claude"), view, 0) == (False, "claude says that it failed: no tokens left")


@pytest.mark.parametrize("client", ["aider", "llm"])
def test_where_there_are_no_events_the_code_decides(client):
    """There is nothing else."""
    assert agent_success(profile_named(client), AgentView(), 0)[0]
    assert not agent_success(profile_named(client), AgentView(), 1)[0]


@pytest.mark.parametrize(
    ("client", "argv", "asks"),
    [
        ("codex", ["codex", "exec", "Hello --json"], False),
        ("codex", ["codex", "exec", "--json", "Hello"], True),
        ("claude", ["claude", "-p", "Hello"], False),
        ("claude", ["claude", "-p", "Hello", "--output-format=stream-json"], True),
        ("gemini", ["gemini", "-o", "json", "-p", "Hello"], False),
        ("gemini", ["gemini", "-o", "stream-json", "-p", "Hello"], True),
        ("opencode", ["opencode", "run", "--format", "json", "Hello"], True),
    ],
)
def test_whoever_was_not_asked_for_events_need_not_give_any(client, argv, asks):
    """Then the exit code decides."""
    profile = profile_named(client)

    assert prints_events(profile, argv) is asks
    assert agent_success(profile, AgentView(), 0, argv)[0] is not asks


def test_who_always_prints_events_is_asked_for_nothing():
    """A profile without options for it."""
    assert prints_events(profile_named("aider"), ["aider"])
