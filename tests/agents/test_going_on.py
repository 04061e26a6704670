"""Real clients that go on: what they used counts once, what their service refuses is waited for, also by a person."""

import os
import signal
import subprocess

import pytest
from tests.agents.conftest import CLIENTS, LIMIT_S, events_in, gone, over, works

from procession import OutcomeKind, Supervisor
from procession.monitor.agents.catalogue import profile_named
from procession.monitor.agents.reading import AgentReading
from procession.monitor.agents.verdict import agent_success

pytestmark = pytest.mark.agents


@pytest.mark.parametrize("name", CLIENTS)
async def test_what_was_used_before_a_kill_is_counted_once(name, agent, model, wait_until):
    """One (codex) counts over all runs, gemini a run, at its end, opencode each step: the rest is not known."""
    one = agent(name)
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(one.command("Alpha STEPS=2 SLEEP=2"), retries=1, retry_delay_s=0.0)
        tree = await works(supervisor, id_, wait_until, step=2)
        os.kill(supervisor.get(id_).pid, signal.SIGKILL)
        await gone(wait_until, tree)
        view = await over(supervisor, id_)

    requests = model.requests("Alpha", own=name == "gemini")
    if name == "gemini":
        requests = [each for each in requests if each["turns"] == 2]
    else:
        del requests[1]  # it was killed in that step, and has not noted it yet
    assert (view.outcome.kind, view.attempt) == (OutcomeKind.SUCCEEDED, 2)
    assert view.agent.input_tokens == sum(each["input_tokens"] for each in requests)
    assert view.agent.output_tokens == 20 * len(requests)


async def test_a_refusal_that_ends_codex_is_waited_for(agent, model):
    """It says when it may again: the next attempt goes on with the thread then, and no retry is spent."""
    told = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(told.append)
        id_ = supervisor.submit(agent("codex").command("Alpha FAIL=429 LATE"))
        view = await over(supervisor, id_)

    refused, *served = model.requests("Alpha")
    assert (view.outcome.kind, view.attempt) == (OutcomeKind.SUCCEEDED, 2)
    assert "I see 2 user turn(s)" in view.agent.message
    assert (view.agent.limited, view.agent.problem) == (False, None)
    assert 1.0 <= served[0]["at"] - refused["at"] < 15.0
    [first, _] = [each.agent for each in told if each.name == "agent_said"]
    assert first.limited
    assert "Please try again in 1s" in first.problem


@pytest.mark.parametrize("name", ["gemini", "opencode"])
async def test_a_refusal_that_a_client_waits_for_itself_is_no_end(name, agent, model):
    """Both try again themselves; gemini says so on stderr, opencode nowhere, and for as long as it is refused."""
    seen = []
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(agent(name).command("Alpha FAIL=429 TIMES=1"))
        supervisor.subscribe_output(lambda *_: seen.append(supervisor.get(id_).agent))
        view = await over(supervisor, id_)

    assert 429 in [each["status"] for each in model.requests("Alpha", own=True)]
    assert (view.outcome.kind, view.attempt, view.agent.limited) == (OutcomeKind.SUCCEEDED, 1, False)
    assert any(each and each.limited and each.status == "limited" for each in seen) == (name == "gemini")


def test_gemini_that_nobody_reads_any_more_has_not_succeeded(agent, model):
    """It exits with 0 when the reader of its events goes away, with half the work done: without its word it failed."""
    gemini = agent("gemini")
    argv = gemini.argv("Alpha STEPS=3 SLEEP=1")
    with subprocess.Popen(
        argv,
        cwd=gemini.cwd,
        env=os.environ | gemini.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        heard = b"".join(process.stdout.readline() for _ in range(3))
        process.stdout.close()
        code = process.wait(LIMIT_S)

    profile = profile_named("gemini")
    reading = AgentReading(profile)
    reading.hear_output("stdout", heard, 0.0)
    assert events_in(heard.decode())[0]["type"] == "init"
    assert code == 0
    assert len(model.requests("Alpha")) < 4
    assert agent_success(profile, reading.view, code, argv) == (
        False,
        "gemini exited with code 0 without saying that it succeeded",
    )


async def test_codex_that_was_released_goes_on_when_it_is_resumed(agent, model, wait_until):
    """Set aside it keeps no process; resumed it has its conversation, and has failed nobody meanwhile."""
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(agent("codex").command("Alpha STEPS=2 SLEEP=61"))
        tree = await works(supervisor, id_, wait_until)
        session = supervisor.get(id_).session
        await supervisor.suspend(id_, release=True)
        await gone(wait_until, tree)
        assert not supervisor.get(id_).is_over
        await supervisor.resume(id_)
        view = await over(supervisor, id_)

    assert (view.outcome.kind, view.attempt, view.session) == (OutcomeKind.SUCCEEDED, 2, session)
    assert "I see 2 user turn(s); the first was: Alpha" in view.agent.message


@pytest.mark.parametrize("name", CLIENTS)
async def test_the_command_of_a_checkpoint_goes_on_with_the_conversation(name, agent, model, wait_until):
    """Whoever asks an agent to save hears *saved*, with a command that, pasted unchanged, continues it by hand."""
    one = agent(name)
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(one.command("Alpha STEPS=2 SLEEP=61"))
        await works(supervisor, id_, wait_until)
        await wait_until(lambda: supervisor.get(id_).session, timeout=LIMIT_S)
        report = await supervisor.checkpoint(id_)
        await supervisor.kill(id_)

    assert report.answer == "saved"
    assert report.checkpoint.can_resume
    one.run(report.checkpoint.resume_command)
    assert [each["turns"] for each in model.requests("Alpha")] == [1, 2, 2]
