"""The door: versions, help, mistakes, and streams that are not there."""

import os
import subprocess
import sys

import pytest

VERBS = (
    *("run", "up", "submit", "ls", "show", "logs", "attach", "send", "wait"),
    *("stop", "kill", "signal", "suspend", "resume", "retry", "edit", "remove"),
    *("clean", "events", "drain", "doctor", "daemon", "completion"),
)


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_goes_to_standard_output(cli, flag):
    """The version is data: one line, nothing on stderr."""
    from procession.version import VERSION

    shown = cli(flag)

    assert (0, f"procession {VERSION}\n", "") == (shown.returncode, shown.stdout, shown.stderr)


def test_the_version_is_told_without_loading_the_command_line():
    """Neither click nor rich nor asyncio is imported for `--version`, so that it stays quick."""
    code = (
        "import sys; from procession.cli.entry import main; main(['--version']); "
        "print({'click', 'rich', 'asyncio', 'msgspec'} & set(sys.modules))"
    )

    assert "set()" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("verb", [(), *((verb,) for verb in VERBS)], ids=lambda verb: " ".join(verb) or "procession")
def test_help_has_examples(cli, verb, flag):
    """Every page of help says how it is used."""
    shown = cli(*verb, flag)

    assert shown.returncode == 0
    assert "Examples:" in shown.stdout
    assert shown.stderr == ""


@pytest.mark.parametrize("verb", VERBS)
def test_help_on_a_verb_does_not_load_what_runs_it(verb):
    """A page of help needs no event loop and no supervisor."""
    code = (
        f"import sys; from procession.cli.entry import main; main(['{verb}', '--help']); "
        "print({'asyncio', 'rich', 'procession.supervisor'} & set(sys.modules))"
    )

    assert "set()" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout


def test_without_a_verb_the_help_is_shown_as_an_error(cli):
    """Nothing was asked for: exit 2, and nothing on standard output."""
    shown = cli()

    assert (shown.returncode, shown.stdout) == (2, "")
    assert "Usage: procession" in shown.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bogus"],
        ["bogus"],
        ["run"],
        ["run", "--timeout", "soon", "--", "true"],
        ["run", "--env", "NAME", "--", "true"],
        ["up"],
        ["up", "x.toml", "--limit", "0"],
        ["completion", "tcsh"],
        ["submit"],
        ["submit", "--delay", "soon", "--", "true"],
        ["ls", "--state", "happy"],
        ["ls", "-n", "0"],
        ["stop"],
        ["stop", "--all", "a"],
        ["wait", "--timeout", "soon", "a"],
        ["logs", "--since", "once", "a"],
        ["edit", "a"],
        ["clean"],
        ["daemon", "bogus"],
    ],
    ids=" ".join,
)
def test_a_wrong_use_is_one_sentence_and_a_hint(cli, arguments):
    """Exit 2; no traceback, nothing on standard output."""
    shown = cli(*arguments)

    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith("procession: error: ")
    assert "\n  hint: see 'procession" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("how", ["option", "variable"])
def test_a_traceback_is_shown_to_those_who_ask(cli, how):
    """`--debug` and PROCESSION_DEBUG=1 show where an error came from; the sentence follows."""
    arguments = ["--debug"] if how == "option" else []
    environment = os.environ | ({"PROCESSION_DEBUG": "1"} if how == "variable" else {})

    shown = cli(*arguments, "run", "--", "no-such-program", env=environment)

    assert shown.returncode == 127
    assert "Traceback" in shown.stderr
    assert "procession: error: cannot start no-such-program" in shown.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["completion", "bash"]], ids=" ".join)
def test_a_reader_that_went_away_ends_us_quietly(cli, arguments):
    """Exit 141 as after SIGPIPE, and not a word."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        shown = cli(*arguments, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)

    assert (shown.returncode, shown.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [["--version"], ["completion", "bash"]], ids=" ".join)
def test_a_full_disk_behind_our_output_is_said(cli, arguments):
    """What could not be written is no success."""
    with open("/dev/full", "w") as full:
        shown = cli(*arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)

    assert shown.returncode == 1
    assert shown.stderr == "procession: error: No space left on device\n"
