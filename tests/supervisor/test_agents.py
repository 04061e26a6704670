"""Clients of coding agents under care: their session, their end, what they used, and what their service refuses.

The clients here are scripts that print what real ones printed; the real ones: tests/agents.
"""

import asyncio
import json
import sys
import time

import pytest

from procession import Command, InvalidTask, OutcomeKind, Supervisor
from procession.model.task import task
from procession.monitor.agents.catalogue import load_profiles

SESSION = "0199f5d0-0000-7000-8000-0000000000aa"
STARTED = {"type": "thread.started", "thread_id": SESSION}
USED = {"input_tokens": 540, "cached_input_tokens": 0, "output_tokens": 12}
COMPLETED = {"type": "turn.completed", "usage": USED}


@pytest.fixture
def codex(tmp_path):
    """Make a program called codex, which runs a script; its arguments and attempt go to a file."""

    def make(script):
        program = tmp_path / "bin" / "codex"
        program.parent.mkdir(exist_ok=True)
        log = f"open({str(tmp_path / 'argv')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')"
        program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{log}\n{script}\n")
        program.chmod(0o755)
        return task(Command(argv=(str(program), "exec", "--json", "do it"), cwd=str(tmp_path)))

    return make


def says(*events):
    """Print events, as a client does."""
    return "\n".join(f"print({json.dumps(each)!r}, flush=True)" for each in events)


def given(tmp_path):
    """The arguments of each run."""
    return [json.loads(each) for each in (tmp_path / "argv").read_text().splitlines()]


async def session_of(supervisor, id_):
    """Wait until it is known."""
    while (session := supervisor.get(id_).session) is None:
        await asyncio.sleep(0.01)
    return session


async def test_its_session_is_known_at_once_and_its_next_attempt_goes_on_with_it(codex, tmp_path):
    """Killed in the middle, it is resumed by its own id; the tokens of a cumulative count are not added up."""
    twice = {**COMPLETED, "usage": {**USED, "input_tokens": 1120}}
    script = f"""
if "resume" in sys.argv:
    {says(STARTED, twice).replace(chr(10), chr(10) + "    ")}
else:
    {says(STARTED, COMPLETED).replace(chr(10), chr(10) + "    ")}
    time.sleep(1000)
"""
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(codex(script), retries=1, retry_delay_s=0.0)
        assert await session_of(supervisor, id_) == SESSION
        [checkpoint] = supervisor.checkpoints(id_)
        while supervisor.get(id_).agent.input_tokens == 0:
            await asyncio.sleep(0.01)
        await supervisor.signal(id_, "KILL")
        view = await supervisor.wait(id_)

    assert view.outcome.ok
    assert view.attempt == 2
    assert view.agent.input_tokens == 1120
    assert checkpoint.can_resume
    assert checkpoint.resume_command[1:] == ("exec", "--json", "resume", SESSION, "continue")
    assert given(tmp_path)[1] == list(checkpoint.resume_command[1:])


async def test_an_agent_that_was_stopped_goes_on_when_it_is_resumed(codex, tmp_path):
    """Over is not the end of its conversation."""
    script = f"""
{says(STARTED)}
if "resume" not in sys.argv:
    time.sleep(1000)
{says(COMPLETED)}
"""
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(codex(script))
        await session_of(supervisor, id_)
        assert (await supervisor.checkpoint(id_)).answer == "saved"
        await supervisor.stop(id_)
        await supervisor.resume(id_)
        view = await supervisor.wait(id_)

    assert (view.outcome.ok, view.attempt) == (True, 2)
    assert given(tmp_path)[1][-3:] == ["resume", SESSION, "continue"]


async def test_exit_code_0_is_not_success_where_the_client_does_not_say_so(codex):
    """Whoever stops in the middle of a turn with a clean exit has failed."""
    async with Supervisor() as supervisor:
        view = await supervisor.wait(supervisor.submit(codex(says(STARTED))))

    assert view.outcome.kind is OutcomeKind.FAILED
    assert "without saying that it succeeded" in view.outcome.message


async def test_what_its_service_refuses_is_no_failure(codex, tmp_path):
    """It goes back to the queue until it may, with no retry spent, and others of its kind with it."""
    refusal = "Rate limit reached. Please try again in 1s."
    script = f"""
if os.environ["PROCESSION_ATTEMPT"] == "1":
    {says(STARTED, {"type": "turn.failed", "error": {"message": refusal}}).replace(chr(10), chr(10) + "    ")}
    sys.exit(1)
{says(STARTED, COMPLETED)}
"""
    told = []
    async with Supervisor(random=lambda: 0.0) as supervisor:
        supervisor.subscribe(told.append)
        began = time.monotonic()
        id_ = supervisor.submit(codex(script))
        while not any(each.name == "retrying" for each in told):
            await asyncio.sleep(0.01)
        other = supervisor.submit(codex(script))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert "refused" in supervisor.get(other).waiting
        view = await supervisor.wait(id_)
        await supervisor.kill(other)

    assert view.outcome.ok
    assert view.attempt == 2
    assert time.monotonic() - began >= 0.9


async def test_a_session_is_chosen_beforehand_where_the_client_lets_us(tmp_path):
    """Then it is known before the first word; two in one directory go on with their own."""
    program = tmp_path / "gemini"
    init = 'print(json.dumps({"type": "init", "session_id": sys.argv[sys.argv.index("--session-id") + 1]}), flush=True)'
    program.write_text(f"#!{sys.executable}\nimport json, sys, time\n{init}\ntime.sleep(1000)\n")
    program.chmod(0o755)
    async with Supervisor() as supervisor:
        argv = (str(program), "-p", "do it", "-o", "stream-json")
        ids = [supervisor.submit(Command(argv=argv, cwd=str(tmp_path)), agent="gemini") for _ in range(2)]
        sessions = [await session_of(supervisor, each) for each in ids]
        commands = [supervisor.checkpoints(each)[0].resume_command for each in ids]
        await supervisor.kill_all()

    assert len(set(sessions)) == 2
    assert all(session in command for session, command in zip(sessions, commands, strict=True))


async def test_an_agent_nobody_knows_is_refused():
    """Before anything is accepted, with those there are."""
    async with Supervisor() as supervisor:
        with pytest.raises(InvalidTask, match="names no profile") as raised:
            supervisor.submit(["true"], agent="coddex")

    assert "codex" in raised.value.hint


async def test_a_program_of_such_a_name_that_is_asked_for_no_events_is_no_agent(tmp_path):
    """Its exit code is its outcome, as that of everybody else."""
    program = tmp_path / "goose"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    async with Supervisor() as supervisor:
        view = await supervisor.wait(supervisor.submit([str(program), "up"]))

    assert view.outcome.ok
    assert view.agent is None


async def test_a_session_that_stands_in_a_file(tmp_path):
    """A client of the user's own that says nothing of its session, but keeps it in a file of its directory."""
    profile = tmp_path / "agents.toml"
    profile.write_text(
        """[ours]
programs = ["ours"]
session = { file = { glob = "*.session", take = ["id"] } }
message = [{ take = ["said"] }]
resume = { argv = ["{program}", "--go-on", "{session}"] }
"""
    )
    program = tmp_path / "ours"
    program.write_text(
        f"#!{sys.executable}\nimport sys, time\n"
        'open("a.session", "w").write(\'{"id": "s-1"}\')\nprint(\'{"said": "hello"}\', flush=True)\ntime.sleep(1000)\n'
    )
    program.chmod(0o755)
    async with Supervisor(agents=load_profiles(str(profile))) as supervisor:
        id_ = supervisor.submit(Command(argv=(str(program),), cwd=str(tmp_path)), agent="ours")
        assert await session_of(supervisor, id_) == "s-1"
        assert supervisor.checkpoints(id_)[0].resume_command == (str(program), "--go-on", "s-1")
        assert supervisor.get(id_).status == "hello"
