"""The client is known by its program, and a profile that is wrong says where."""

from importlib import resources

import pytest

from procession.errors import InvalidProfile
from procession.monitor.agents.catalogue import known_profiles, load_profiles, profile_named, profile_of

CLIENTS = {"codex", "gemini", "opencode", "claude", "goose", "cursor-agent", "aider", "llm"}


def test_eight_clients_are_known():
    """And their profiles lie in the package."""
    assert set(known_profiles()) == CLIENTS
    assert all(name == profile.name for name, profile in known_profiles().items())
    assert resources.files("procession.monitor.agents").joinpath("profiles.toml").is_file()
    assert profile_named("nobody") is None


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ("codex exec x", "codex"),
        ("/usr/local/bin/codex exec x", "codex"),
        ("npx codex", "codex"),
        ("npx -y @openai/codex@0.169.0 exec", "codex"),
        ("npx --package @openai/codex codex exec", "codex"),
        ("bunx opencode-ai run x", "opencode"),
        ("node /opt/bin/codex.js exec", "codex"),
        ("node --no-warnings /a/node_modules/@google/gemini-cli/dist/index.js -p x", "gemini"),
        ("/a/node_modules/@anthropic-ai/claude-code/cli.js -p x", "claude"),
        ("python3 -m aider --message x", "aider"),
        ("uvx aider-chat --message x", "aider"),
        ("env A=b -u C claude -p x", "claude"),
        ("sh -c codex", None),
        ("node", None),
        ("python -m", None),
        ("python -c codex", None),
        ("codexx", None),
        ("", None),
    ],
)
def test_the_client_is_known_by_its_program(argv, name):
    """Through whatever starts it, where that is plain."""
    profile = profile_of(argv.split())

    assert (profile and profile.name) == name


def test_a_profile_of_ones_own_comes_first(own_profiles):
    """It may be like another one."""
    profiles = own_profiles("""
        [night]
        like = "codex"
        programs = ["night", "codex"]
        usage_is = "per_run"
    """)

    assert profile_of(["codex"], profiles).name == "night"
    assert profile_named("night", profiles).usage_is == "per_run"
    assert profile_named("night", profiles).session == profile_named("codex").session
    assert profile_named("llm", profiles) is profile_named("llm")


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("[a]\nusage_is = 'per_run'", (1, "a", ""), "missing required field `programs`"),
        ("[a]\nprograms = 'a'", (2, "a", "programs"), "expected `array`"),
        ("[a]\nprograms = ['a', 1]", (2, "a", "programs[1]"), "expected `str`"),
        ("[a]\nprograms = ['a']\nprogram = 1", (3, "a", "program"), "unknown key"),
        ("[a]\nprograms = ['a']\nsession.fnd = []", (3, "a", "session.fnd"), "unknown key"),
        ("[a]\nprograms = ['a']\nusage_is = 'odd'", (3, "a", "usage_is"), "invalid enum value"),
        ("[a]\nprograms = ['a']\nmessage = [{ take = 'a..b' }]", (3, "a", "message[0]"), "path"),
        ("[a]\nprograms = ['a']\nmessage = [{ take = 'a b[]x' }]", (3, "a", "message[0]"), "dot"),
        ("[a]\nprograms = ['a']\nmessage = [{ when = { type = 'x' } }]", (3, "a", "message[0]"), "expected take"),
        ("[a]\nprograms = ['a']\nmessage = [{ pattern = '(' }]", (3, "a", "message[0]"), "regular expression"),
        ("[a]\nprograms = ['a']\nlimit = [{ until = 'x' }]", (3, "a", "limit[0]"), "expected when"),
        ("[a]\nprograms = ['a']\nlimit = [{ when = { a = 1 }, take = 'x' }]", (3, "a", "limit[0]"), "pattern"),
        ("[a]\nprograms = ['a']\nsuccess = [{ 'a[' = 1 }]", (1, "a", ""), "success[0]: expected a dot"),
        ("[a]\nprograms = ['a']\nsession.choose = ['--id']", (3, "a", "session"), "{session}"),
        ("[a]\nprograms = ['a']\nsession.file = { glob = 'x' }", (3, "a", "session.file"), "either"),
        ("[a]\nprograms = ['a']\nresume.argv = ['{program}', '{me}']", (3, "a", "resume"), "{me}"),
        ("[a]\nprograms = ['a']\nresume.argv = ['{program}', 'x{flags}']", (3, "a", "resume"), "of its own"),
        ("[a]\nprograms = ['a']\nresume.argv = ['a']", (3, "a", "resume"), "{program}"),
        ("[a]\nname = 'b'", (2, "a", "name"), "unknown key"),
        ("[a]\nlike = 'nobody'", (2, "a", "like"), "expected one of aider"),
        ("a = 1", (1, "a", ""), "expected a table"),
        ("[a", (1, "", ""), "expected TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, place, expected, tmp_path):
    """File, line, entry, key."""
    file = tmp_path / "agents.toml"
    file.write_text(text)

    with pytest.raises(InvalidProfile) as caught:
        load_profiles(str(file))

    error = caught.value
    assert (error.path, (error.line, error.entry, error.key)) == (str(file), place)
    assert expected in error.expected
    assert str(error).startswith(f"{file}:{place[0]}: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """Missing, or no text."""
    (tmp_path / "b").write_bytes(b"\xff")
    for name, expected in (("a", "cannot be read: No such file"), ("b", "UTF-8")):
        with pytest.raises(InvalidProfile, match=expected):
            load_profiles(str(tmp_path / name))


def test_the_profile_of_the_manual_is_one(own_profiles):
    """As it stands there."""
    import re
    from pathlib import Path

    page = (Path(__file__).parents[3] / "docs" / "guide" / "agents.md").read_text("utf-8")

    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    profiles = next(each for each in examples if "night-codex" in each)

    assert set(own_profiles(profiles)) == {"night-codex", "mine"}
