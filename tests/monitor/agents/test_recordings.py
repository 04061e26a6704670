"""What real clients printed is understood, wherever it is cut."""

import json
from pathlib import Path

import pytest

from procession.monitor.agents.catalogue import profile_named
from procession.monitor.agents.usage import usage_of
from procession.monitor.agents.verdict import agent_success

INDEX = json.loads((Path(__file__).parents[2] / "fixtures" / "agents" / "index.json").read_text("utf-8"))
STREAMS = [each for each in INDEX if each["file"].endswith(".jsonl")]
NAMES = [each["file"] for each in STREAMS]


@pytest.mark.parametrize("entry", STREAMS, ids=NAMES)
def test_session_usage_and_end_are_those_that_are_true(entry, replay):
    """As the index says that they were."""
    view = replay(entry["file"]).view
    usage = entry.get("usage_reported", {"input_tokens": 0, "output_tokens": 0})

    assert view.session == entry["session_id"]
    assert {"input_tokens": view.input_tokens, "output_tokens": view.output_tokens} == usage
    assert (view.terminal == "success") == (entry["final_state"] == "completed")
    assert (view.terminal == "failure") == entry["final_state"].startswith("failed")
    assert view.limited == ("rate limited" in entry["final_state"])


@pytest.mark.parametrize("entry", STREAMS, ids=NAMES)
def test_the_verdict_is_the_true_one(entry, replay):
    """Success where it completed, nowhere else."""
    succeeded, reason = agent_success(profile_named(entry["agent"]), replay(entry["file"]).view, entry["exit_code"])

    assert succeeded == (entry["final_state"] == "completed")
    assert entry["agent"] in reason


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("file", ["codex-ok.jsonl", "gemini-ok.jsonl", "opencode-ok.jsonl", "codex-api429.jsonl"])
def test_lines_may_be_split_anywhere(file, size, replay):
    """The pieces do not matter."""
    assert replay(file, size).view == replay(file).view


def test_the_last_message_is_whole(replay):
    """Gemini says it in pieces; they are put together, but only those of one message."""
    assert replay("gemini-ok.jsonl").view.message == (
        "All 2 steps done. I see 1 user turn(s); the first was: 'Do it STEPS=2 SLEEP=0.2'"
    )
    assert replay("gemini-kill9.jsonl").view.message == "Working on step 2 of 4."


@pytest.mark.parametrize(
    ("file", "tool"),
    [
        ("codex-kill9.jsonl", "/bin/bash -lc 'echo step 2 of 4; sleep 1.5'"),
        ("gemini-kill9.jsonl", "echo step 2 of 4; sleep 1.5"),
        ("opencode-kill9.jsonl", None),  # it tells of a tool only when that is done
        ("codex-ok.jsonl", None),
    ],
)
def test_the_tool_is_shown_that_runs_now(file, tool, replay):
    """And none that is done."""
    assert replay(file).view.tool == tool


def test_the_tokens_of_a_resumed_codex_are_not_added_up(replay):
    """It counts over the whole thread: 540, then 1120 in all."""
    codex, runs = profile_named("codex"), [replay("codex-ok.jsonl").view, replay("codex-resumed.jsonl").view]

    assert usage_of(codex, runs)[:2] == (1120, 100)
    assert usage_of(codex, [*runs, replay("codex-sigterm.jsonl").view])[:2] == (1120, 100)
    assert usage_of(codex, []) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("client", "sum_of_both"), [("gemini", (480 + 360, 80 + 60)), ("opencode", (420 + 380, 60 + 40))]
)
def test_the_tokens_of_others_are_added_up(client, sum_of_both, replay):
    """They count each run by itself."""
    runs = [replay(f"{client}-ok.jsonl").view, replay(f"{client}-resumed.jsonl").view]

    assert usage_of(profile_named(client), runs)[:2] == sum_of_both


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("codex-resume-unknown.stderr", "no rollout found"),
        ("gemini-resume-unknown.stderr", "Invalid session identifier"),
        ("opencode-resume-unknown.stderr", "Session not found"),
    ],
)
def test_a_session_that_is_unknown_is_told(file, problem, replay):
    """On stderr, and no event comes."""
    view = replay(file).view

    assert problem in view.problem
    assert view.status is None


def test_what_codex_prints_for_people_has_its_session(replay):
    """Without ``--json`` it stands on stderr."""
    assert replay("codex-human.stderr").view.session == "01a20617-c549-7ad0-a38b-c9db3d3d8afa"


def test_aider_tells_its_tokens_in_text(replay):
    """There are no events."""
    view = replay("aider-ok.stdout").view

    assert (view.input_tokens, view.output_tokens, view.status) == (731, 27, None)
    assert agent_success(profile_named("aider"), view, 0)[0]
