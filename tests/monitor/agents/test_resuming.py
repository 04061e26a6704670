"""A session goes on with the options that it began with, by an id that is one."""

import pytest

from procession.monitor.agents.catalogue import profile_named, profile_of
from procession.monitor.agents.resuming import can_resume, chosen_argv, resumed_argv, session_in, session_in_file

UUID = "01a20616-f046-7d12-8a52-8162fe36a228"


def resumed(argv, session=UUID, prompt=None):
    """Resume a command line by the profile of its program."""
    argv = argv.split() if isinstance(argv, str) else argv
    return " ".join(resumed_argv(profile_of(argv), argv, session, prompt))


@pytest.mark.parametrize(
    ("began", "goes_on"),
    [
        (
            "codex exec --json --skip-git-repo-check -s danger-full-access Hello",
            f'codex exec --json --skip-git-repo-check -c sandbox_mode="danger-full-access" resume {UUID} continue',
        ),
        ("codex exec --sandbox=read-only Hello", f'codex exec -c sandbox_mode="read-only" resume {UUID} continue'),
        ("codex exec -sread-only Hello", f'codex exec -c sandbox_mode="read-only" resume {UUID} continue'),
        ("codex -a never -s x exec Hello", f'codex -a never -c sandbox_mode="x" exec resume {UUID} continue'),
        ("codex exec review --base main --json", f"codex exec --json resume {UUID} continue"),
        ("npx -y @openai/codex exec -m o9 -C dir Hi", f"npx -y @openai/codex exec -m o9 -C dir resume {UUID} continue"),
        ("codex exec resume OTHER --json -i a.png b.png -- Hello", f"codex exec --json resume {UUID} continue"),
        ("codex exec resume --last Hello", f"codex exec resume {UUID} continue"),
        (
            "gemini -p Hello -o stream-json --yolo --skip-trust",
            f"gemini --resume {UUID} -o stream-json --yolo --skip-trust -p continue",
        ),
        (f"gemini --session-id {UUID} -y Hello", f"gemini --resume {UUID} -y -p continue"),
        (
            "opencode run --format json -m a/b Do all of this",
            f"opencode run --session {UUID} --format json -m a/b continue",
        ),
        (
            "claude -p Hello --output-format stream-json --verbose --allowedTools Bash Read",
            f"claude -p continue --resume {UUID} --output-format stream-json --verbose --allowedTools Bash Read",
        ),
        (f"claude -p -r {UUID} --fork-session Hello", f"claude -p continue --resume {UUID}"),
        ("claude -p -r --model x Hello", f"claude -p continue --resume {UUID} --model x"),
        ("goose run --name n --output-format stream-json -t Hello",
         f"goose run --resume --name {UUID} --output-format stream-json -t continue"),
        ("cursor-agent -p --output-format stream-json Hello",
         f"cursor-agent --resume {UUID} -p --output-format stream-json continue"),
        ("aider --model m --message Hello a.py --yes-always",
         "aider --model m a.py --yes-always --restore-chat-history --message continue"),
        ("llm -m fake -o temperature 0.5 Hello", f"llm prompt --cid {UUID} -m fake -o temperature 0.5 continue"),
    ],
)  # fmt: skip
def test_a_session_goes_on_with_what_it_began_with(began, goes_on):
    """But with another prompt."""
    assert resumed(began) == goes_on


@pytest.mark.parametrize(
    ("began", "goes_on"),
    [
        ("codex exec --new-thing value Hello", "--new-thing value"),
        ("codex exec Hello --new-thing value", "--new-thing value"),
        ("codex exec --new-flag Hello", "--new-flag"),
        ("codex exec --new=thing Hello", "--new=thing"),
    ],
)
def test_an_option_that_nobody_knows_keeps_its_value(began, goes_on):
    """Where another word can be the prompt."""
    assert resumed(began) == f"codex exec {goes_on} resume {UUID} continue"


def test_the_prompt_is_one_argument_and_never_an_option():
    """Whatever stands in it, placeholders included."""
    argv = ["codex", "exec", "--json", "Hello"]

    assert (
        resumed_argv(profile_of(argv), argv, UUID, "a 'b' $(c) {session}; {flags}")[-1]
        == "a 'b' $(c) {session}; {flags}"
    )
    assert resumed_argv(profile_of(argv), argv, UUID, "--yolo")[-1] == " --yolo"


@pytest.mark.parametrize("session", ["--last", "-x", "a b", "a;b", "", "a" * 129, None, "a\n"])
def test_a_hostile_session_never_becomes_an_argument(session):
    """It begins anew instead."""
    argv = ("codex", "exec", "Hello")

    assert resumed_argv(profile_of(argv), argv, session) == argv
    assert not can_resume(profile_of(argv), session)


def test_a_client_that_finds_its_history_by_itself_needs_no_session():
    """By the directory."""
    assert can_resume(profile_named("aider"), None)
    assert profile_named("aider").same_directory


def test_a_session_is_chosen_beforehand_where_that_can_be():
    """Before all options, after its verb."""
    for began, chosen in (
        ("claude -p Hello", f"claude --session-id {UUID} -p Hello"),
        ("gemini -p Hello", f"gemini --session-id {UUID} -p Hello"),
        ("goose run -t Hello", f"goose run --name {UUID} -t Hello"),
        ("npx @google/gemini-cli -p Hello", f"npx @google/gemini-cli --session-id {UUID} -p Hello"),
    ):
        assert " ".join(chosen_argv(profile_of(began.split()), began.split(), UUID)) == chosen


@pytest.mark.parametrize(
    "argv",
    [
        "codex exec Hello",
        f"claude -p Hello --session-id {UUID}",
        f"claude -p Hello --resume={UUID}",
        "claude -c -p Hello",
        "gemini --resume latest -p Hello",
        "goose run --resume -t Hello",
        "goose run --no-session -t Hello",
    ],
)
def test_none_is_chosen_where_the_user_has_or_none_can_be(argv):
    """Theirs counts."""
    assert chosen_argv(profile_of(argv.split()), argv.split(), UUID) is None


def test_none_is_chosen_that_is_no_id():
    """Claude takes only those of one form."""
    assert chosen_argv(profile_named("claude"), ["claude", "-p", "Hello"], "night-7") is None
    assert chosen_argv(profile_named("goose"), ["goose", "run", "-t", "x"], "--resume") is None


@pytest.mark.parametrize(
    ("argv", "session"),
    [
        (f"codex exec resume {UUID} Hello", UUID),
        ("codex exec resume --last Hello", None),
        ("codex exec resume", None),
        ("codex exec Hello", None),
        (f"claude -p Hello --session-id={UUID}", UUID),
        (f"claude -p Hello -r {UUID}", UUID),
        (f"claude -p Hello -r {UUID} --fork-session", None),
        ("gemini --resume latest -p Hello", None),
        (f"gemini -r {UUID} -p Hello", UUID),
        ("opencode run -s ses_1 Hello", "ses_1"),
        ("goose run -n night-7 -t Hello", "night-7"),
        ("llm --cid 01abc Hello", "01abc"),
        ("aider --message Hello", None),
    ],
)  # fmt: skip
def test_the_session_that_the_user_gave_is_known(argv, session):
    """From the command line alone."""
    assert session_in(profile_of(argv.split()), argv.split()) == session


def test_a_session_is_read_from_a_file(own_profiles):
    """By a path in its first line, or by a pattern."""
    profiles = own_profiles("""
        [a]
        programs = ["a"]
        session.file = { glob = "*.jsonl", take = "payload.id" }
        [b]
        programs = ["b"]
        session.file = { glob = "*.txt", pattern = 'id=(\\S+)' }
    """)

    assert session_in_file(profiles["a"], b'{"payload": {"id": "s1"}}\n{}') == "s1"
    assert session_in_file(profiles["a"], b"[1]") is None
    assert session_in_file(profiles["a"], b"{torn") is None
    assert session_in_file(profiles["b"], b"x\nid=s2 y") == "s2"
    assert session_in_file(profiles["b"], b"nothing") is None
    assert session_in_file(profile_named("codex"), b"id=s2") is None


def test_an_empty_command_line_is_left_as_it_is():
    """There is nothing to find in it."""
    assert session_in(profile_named("codex"), []) is None
    assert resumed_argv(profile_named("llm"), ["llm"], None) == ("llm",)
