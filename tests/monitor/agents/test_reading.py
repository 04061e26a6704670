"""What clients say is taken for what it means, and nothing that they print does any harm."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.model.agent import AgentView
from procession.monitor.agents.catalogue import known_profiles, profile_named
from procession.monitor.agents.lines import LONGEST_BYTES
from procession.monitor.agents.reading import AgentReading
from procession.monitor.agents.verdict import agent_success

NOW = 1_800_000_000.0
BEGIN = {"type": "thread.started", "thread_id": "01a2-b"}
UUID = "0b0c0a3e-1111-4222-8333-444455556666"


def test_a_reconnecting_codex_has_not_failed(hear):
    """Nor has one that knows nothing of its model: both are warnings."""
    view = hear(
        "codex",
        BEGIN,
        {"type": "item.completed", "item": {"id": "item_0", "type": "error", "message": "Model metadata not found"}},
        {"type": "turn.started"},
        {"type": "error", "message": "Reconnecting... 1/5 (stream disconnected)"},
    ).view

    assert (view.terminal, view.problem, view.status) == (None, None, "retrying")


def test_the_first_line_of_opencode_may_come_late(hear):
    """Until then nothing is known, and nothing is made up."""
    reading = hear("opencode", "INFO  loading", "")
    assert reading.view == AgentView()

    assert reading.hear_output("stdout", b'{"type":"step_start","sessionID":"ses_1","part":{}}\n', NOW)
    assert (reading.view.session, reading.view.status) == ("ses_1", "thinking")


def test_an_opencode_that_takes_another_step_has_not_ended(hear):
    """There is no last event; the last step that stops is it."""
    stop = {
        "type": "step_finish",
        "sessionID": "ses_1",
        "part": {"reason": "stop", "cost": 0.5, "tokens": {"input": 3}},
    }
    start = {"type": "step_start", "sessionID": "ses_1"}

    assert hear("opencode", start, stop).view.terminal == "success"
    assert hear("opencode", start, stop, start).view.terminal is None
    assert hear("opencode", start, {**stop, "part": {"reason": "length"}}).view.terminal is None
    assert hear("opencode", start, stop, start, stop).view.cost_usd == 1.0


@pytest.mark.parametrize(
    "result",
    [
        {"subtype": "error_max_turns", "is_error": False},
        {"subtype": "error_max_budget_usd", "is_error": True},
        {"subtype": "error_during_execution", "is_error": True, "errors": ["it broke"]},
        {"subtype": "error_max_structured_output_retries", "is_error": True},
        {"subtype": "success", "is_error": True, "result": "API Error: 500"},
    ],
)
def test_a_claude_whose_result_is_an_error_has_failed(result, hear):
    """By its subtype, or by its flag, even where it exits well."""
    view = hear("claude", {"type": "result", "session_id": UUID, **result}).view

    assert view.terminal == "failure"
    assert view.problem
    assert not agent_success(profile_named("claude"), view, 0)[0]


def test_a_claude_that_worked_says_all_of_it(hear):
    """Session, turns, tools that run side by side, cost."""
    call = {"type": "tool_use", "name": "Bash", "id": "t1"}
    other = {"type": "tool_use", "name": "Read", "id": "t2"}
    said = [
        {"type": "system", "subtype": "init", "session_id": UUID},
        {"type": "assistant", "message": {"id": "m1", "content": [{"type": "text", "text": "I look."}]}},
        {"type": "assistant", "message": {"id": "m1", "content": [call, other]}},
        {"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t2"}]}},
    ]
    view = hear("claude", *said).view
    assert (view.session, view.turns, view.tool, view.message, view.status) == (UUID, 1, "Bash", "I look.", "tool")

    usage = {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5}
    end = {"type": "result", "subtype": "success", "is_error": False, "num_turns": 4, "result": "Done.", "usage": usage}
    view = hear("claude", *said, {**end, "total_cost_usd": 0.25}).view
    assert (view.input_tokens, view.output_tokens, view.cost_usd, view.turns) == (100, 5, 0.25, 4)
    assert (view.terminal, view.tool, view.message) == ("success", None, "Done.")


def test_a_cursor_that_fails_says_so_without_an_event(hear):
    """A line on stderr, and its exit code."""
    view = hear("cursor-agent", "Error: You are not logged in", stream="stderr").view

    assert view.problem == "Error: You are not logged in"
    assert agent_success(profile_named("cursor-agent"), view, 1) == (
        False,
        "cursor-agent exited with code 1: Error: You are not logged in",
    )


def test_a_cursor_shows_its_tool(hear):
    """It is the name of a key."""
    started = {"type": "tool_call", "subtype": "started", "call_id": "c1", "tool_call": {"shellToolCall": {"args": {}}}}

    assert hear("cursor-agent", started).view.tool == "shellToolCall"
    assert hear("cursor-agent", started, {**started, "subtype": "completed"}).view.tool is None


def test_a_goose_names_no_session(hear):
    """But all else."""
    text = {"type": "text", "text": "Hon"}
    call = {"type": "toolRequest", "id": "t", "toolCall": {"value": {"name": "developer__shell"}}}
    said = [
        {"type": "message", "message": {"id": "m", "role": "assistant", "content": [each]}} for each in (text, call)
    ]
    view = hear("goose", said[0], said[0], said[1]).view

    assert (view.session, view.tool, view.message, view.turns) == (None, "developer__shell", "HonHon", 1)
    assert hear("goose", *said, {"type": "complete", "total_tokens": 5}).view.terminal == "success"
    assert hear("goose", {"type": "error", "error": "no key"}).view.problem == "no key"


def test_noise_between_events_is_passed_over(hear):
    """Wherever it stands; and JSON on stderr is no event."""
    noise = ["warning: {odd}", "{", "{not json", "[1]", "{}", '{"type": 7}', '{"type": null, "item": []}', ""]
    said = [*noise, BEGIN, *noise, {"type": "turn.completed", "usage": {"input_tokens": True, "output_tokens": -1}}]

    assert hear("codex", *said, *noise).view == AgentView(session="01a2-b", status="succeeded", terminal="success")
    assert hear("codex", *said, stream="stderr").view == AgentView()


def test_a_torn_last_line_is_no_event_and_a_whole_one_is():
    """The line that was never ended is looked at in the end."""
    torn, whole = AgentReading(profile_named("gemini")), AgentReading(profile_named("gemini"))
    torn.hear_output("stdout", b'{"type":"result","status":"succ', NOW)
    whole.hear_output("stdout", b'{"type":"result","status":"success"}', NOW)

    assert (torn.finish(), torn.view.terminal) == (False, None)
    assert (whole.finish(), whole.view.terminal, whole.finish()) == (True, "success", False)


@pytest.mark.parametrize("size", [1 << 16, LONGEST_BYTES + 7, 1 << 24])
def test_a_huge_line_is_passed_over_and_kept_nowhere(size):
    """At most 1 MiB of it is ever kept; what comes after it is heard."""
    reading = AgentReading(profile_named("codex"))
    data = b'{"type":"turn.started","x":"' + b"x" * (3 * LONGEST_BYTES) + b'"}\n{"type":"turn.started"}\n'
    for at in range(0, len(data), size):
        reading.hear_output("stdout", data[at : at + size], NOW)
        assert len(reading._cutters["stdout"]._tail) <= LONGEST_BYTES

    assert (reading.view.turns, reading.view.status) == (1, "thinking")


def test_a_huge_line_without_an_end_is_forgotten():
    """Nothing of it is left for the end."""
    reading = AgentReading(profile_named("codex"))
    for _ in range(40):
        reading.hear_output("stdout", b"{" * (LONGEST_BYTES // 16), NOW)

    assert not reading.finish()
    assert reading.view == AgentView()


def test_deeply_nested_json_does_no_harm():
    """It is no event of anybody's."""
    reading = AgentReading(profile_named("codex"))

    assert not reading.hear_output("stdout", b'{"a":' * 100_000 + b"\n", NOW)


@pytest.mark.parametrize("hostile", ["--yolo", "-x", "a b", "$(rm)", "a;b", "", "x" * 200, "a\nb", "../../x"])
def test_a_hostile_session_is_not_taken(hostile, hear):
    """It would become an argument."""
    assert hear("codex", {"type": "thread.started", "thread_id": hostile}).view.session is None


def test_what_is_shown_can_be_shown(hear):
    """No escape sequence gets through, and it is short."""
    item = {"type": "agent_message", "text": "\x1b[2J" + "x" * 9000}
    view = hear("codex", {"type": "item.completed", "item": item}).view

    assert view.message.startswith("\\x1b[2J")
    assert len(view.message) < 2100


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        ("^odd (.*)|even", ["it is even", "odd one"]),
        ("^(?:odd|even) one", ["odd one"]),
        ("(?i)^ODD|[|)]even", ["odd", "it is )even"]),
        (r"^a[|)]|\(b", ["a|", "the (b"]),
        ("one", ["odd one"]),
    ],
)
def test_a_pattern_for_lines_is_found_wherever_it_may_stand(pattern, lines, own_profiles):
    """At the beginning only where all its branches say so."""
    profile = own_profiles(f"[a]\nprograms = ['a']\nproblem = [{{ pattern = '{pattern}' }}]")["a"]

    for line in lines:
        reading = AgentReading(profile)
        assert reading.hear_output("stdout", f"nothing\n{line}\n".encode(), NOW)
        assert not AgentReading(profile).hear_output("stdout", b"nothing\n", NOW)


def test_events_of_made_up_types_fill_no_memory(hear):
    """What can meet a type is kept for few of them."""
    reading = hear("claude", *({"type": f"t{each}"} for each in range(500)), {"type": 5}, {})

    assert len(reading._rules._of_kind) <= 64


def test_figures_in_text_that_are_none_are_passed_over(own_profiles):
    """An own pattern may catch anything."""
    text = "[a]\nprograms = ['a']\nusage = [{ pattern = 'in=(?P<input>[^ ]*) cost=(?P<cost>[^ ]*)' }]"
    reading = AgentReading(own_profiles(text)["a"])

    reading.hear_output(
        "stdout", b"in=1.2k cost=0.5\nin=inf cost=nan\nin=,, cost=1.2.3\nin= cost=k\nin=9e99 cost=-1\n", NOW
    )
    assert (reading.view.input_tokens, reading.view.cost_usd) == (1200, 0.5)


def test_a_view_that_stays_the_same_is_not_told(hear):
    """Only a change is."""
    reading = hear("codex", BEGIN)

    assert not reading.hear_output("stdout", b'{"type":"item.updated"}\nnoise\n', NOW)
    assert reading.hear_output("stdout", b'{"type":"turn.started"}\n', NOW)


def test_many_tools_at_once_are_bounded(hear):
    """Whoever begins calls and ends none keeps no memory."""
    calls = [{"type": "tool_use", "tool_id": f"c{each}", "tool_name": f"n{each}"} for each in range(500)]
    reading = hear("gemini", *calls)

    assert len(reading._open_tools) == 64
    assert reading.view.tool == "n499"


@given(st.sampled_from(sorted(known_profiles())), st.lists(st.binary(max_size=200), max_size=20))
def test_nothing_that_is_printed_makes_it_fail(name, pieces):
    """Whatever it is."""
    reading = AgentReading(profile_named(name))
    for piece in pieces:
        reading.hear_output("stdout", piece, NOW)
        reading.hear_output("stderr", b"{" + piece, NOW)
    reading.finish()


@given(
    st.sampled_from(sorted(known_profiles())),
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
        lambda inside: (
            st.lists(inside, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "item", "message", "part", "usage", "id", "content", "text", "result"]), inside
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(["result", "assistant", "user", "error", "turn.failed", "item.started", "message", "step_finish"]),
)
def test_no_event_makes_it_fail(name, inside, kind):
    """Whatever stands where something else is expected."""
    import msgspec

    event = {**(inside if isinstance(inside, dict) else {"message": inside}), "type": kind}
    reading = AgentReading(profile_named(name))
    try:
        line = msgspec.json.encode(event)
    except (msgspec.MsgspecError, OverflowError, UnicodeEncodeError):
        return
    reading.hear_output("stdout", line + b"\n", NOW)


@pytest.mark.serial
def test_a_line_that_means_nothing_costs_next_to_nothing():
    """A few microseconds at most, with patterns for lines or without."""
    data = b"INFO 2026-11-23 compiling the file number 17 of the module that nobody waits for\n" * 20_000
    for name in ("gemini", "codex", "aider"):
        reading = AgentReading(profile_named(name))
        begun = time.perf_counter()
        reading.hear_output("stdout", data, NOW)

        assert (time.perf_counter() - begun) / 20_000 < 20e-6
