"""Real clients of coding agents under a supervisor: what is shown of them, how they end, and how they go on."""

import os
import signal

import pytest
from tests.agents.conftest import CLIENTS, LIMIT_S, gone, over, works

from procession import OutcomeKind, Supervisor

pytestmark = pytest.mark.agents


@pytest.mark.parametrize("name", CLIENTS)
async def test_a_run_to_its_end_is_shown(name, agent, model, wait_until):
    """Session, turns, tool, message and tokens; it has succeeded because it says so."""
    seen = []
    one = agent(name)
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(one.command("Alpha STEPS=2 SLEEP=1"))
        supervisor.subscribe_output(lambda *_: seen.append(supervisor.get(id_).agent))
        view = await over(supervisor, id_)

    requests = model.requests("Alpha", own=name == "gemini")  # which counts its own, too
    assert view.outcome.kind is OutcomeKind.SUCCEEDED, view.outcome
    assert view.session == view.agent.session is not None
    assert (view.agent.status, view.agent.terminal, view.agent.problem) == ("succeeded", "success", None)
    assert view.agent.message.startswith("All 2 steps done. I see 1 user turn(s); the first was: ")
    assert "Alpha" in view.agent.message
    assert view.agent.turns == {"codex": 1, "gemini": 1, "opencode": 3}[name]
    assert len(model.requests("Alpha")) == 3
    assert view.agent.input_tokens == sum(each["input_tokens"] for each in requests)
    assert view.agent.output_tokens == 20 * len(requests)
    if name != "opencode":  # it tells of a tool when that is done
        assert any(each and each.tool and "echo step 1 of 2" in each.tool for each in seen)


@pytest.mark.parametrize("name", CLIENTS)
async def test_two_in_one_directory_that_were_killed_go_on_with_their_own(name, agent, model, wait_until):
    """SIGKILL of the leaders leaves nothing of their trees, and each resumed one finds its own conversation."""
    one = agent(name)
    async with Supervisor() as supervisor:
        ids = [
            supervisor.submit(one.command(f"{word} STEPS=2 SLEEP=61"), retries=1, retry_delay_s=0.0, name=word.lower())
            for word in ("Alpha", "Beta")
        ]
        trees = [await works(supervisor, id_, wait_until) for id_ in ids]
        sessions = [(await wait_until(lambda id_=id_: supervisor.get(id_).session, timeout=LIMIT_S)) for id_ in ids]
        for id_ in ids:
            os.kill(supervisor.get(id_).pid, signal.SIGKILL)
        await gone(wait_until, [*trees[0], *trees[1]])
        views = [await over(supervisor, id_) for id_ in ids]

    assert len(set(sessions)) == 2
    for word, session, view in zip(("Alpha", "Beta"), sessions, views, strict=True):
        assert view.outcome.kind is OutcomeKind.SUCCEEDED, view.outcome
        assert view.attempt == 2
        assert view.session == view.agent.session == session
        assert "I see 2 user turn(s)" in view.agent.message
        assert word in view.agent.message


@pytest.mark.parametrize("name", CLIENTS)
async def test_one_that_is_killed_at_its_first_word_has_lost_nothing(name, agent, wait_until):
    """As soon as its session is known, what it was asked is in there, too: the resumed one still has it to do."""
    async with Supervisor() as supervisor:
        work = agent(name).command("Alpha STEPS=1")
        id_ = supervisor.submit(work, agent=name, retries=1, retry_delay_s=0.0)
        await wait_until(lambda: supervisor.checkpoints(id_), timeout=LIMIT_S)
        os.kill(supervisor.get(id_).pid, signal.SIGKILL)
        view = await over(supervisor, id_)

    assert (view.outcome.kind, view.attempt) == (OutcomeKind.SUCCEEDED, 2)
    assert "the first was: " in view.agent.message
    assert "Alpha" in view.agent.message
