"""`procession completion`: the scripts, and the completing itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_us_and_its_variable(cli, shell):
    """Each script completes `procession` by asking it through a variable."""
    shown = cli("completion", shell)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "_PROCESSION_COMPLETE" in shown.stdout
    assert "procession" in shown.stdout


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("procession u", {"up"}),
        ("procession s", {"submit", "show", "send", "stop", "signal", "suspend"}),
        ("procession daemon ", {"run", "start", "stop", "restart", "status"}),
        ("procession run --t", {"--timeout"}),
        ("procession completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_verbs_options_and_values_are_completed(cli, typed, completions):
    """What the shell asks is answered in its form."""
    words = typed.split(" ")
    asked = {"_PROCESSION_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}

    answer = cli(env=os.environ | asked).stdout

    assert completions == {line.partition(",")[2] for line in answer.splitlines()}


@pytest.mark.parametrize("verb", ["stop", "logs -f", "attach", "wait --any", "submit --after"])
def test_tasks_are_completed_from_the_daemon(cli, daemon, verb):
    """Ids come from the daemon, whose tasks one means."""
    for name in ("train", "test", "other"):
        cli("submit", "--name", name, "--", "true")
    typed = f"procession {verb} t"
    asked = {"_PROCESSION_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}

    assert cli(env=os.environ | asked).stdout.split() == ["plain,test", "plain,train"]


def test_without_a_daemon_nothing_is_offered(cli):
    """No complaint appears in the middle of a command line."""
    asked = {"_PROCESSION_COMPLETE": "bash_complete", "COMP_WORDS": "procession stop t", "COMP_CWORD": "2"}

    shown = cli(env=os.environ | asked)

    assert (shown.stdout.strip(), shown.stderr) == ("", "")


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_with_the_script(cli, tmp_path: Path):
    """The script works in a real bash: one TAB after `procession u` gives `up`."""
    program = tmp_path / "procession"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m procession "$@"\n')
    program.chmod(0o755)
    script = cli("completion", "bash").stdout
    asking = "COMP_WORDS=(procession u); COMP_CWORD=1; _procession_completion procession; echo ${COMPREPLY[@]}"
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    shown = subprocess.run(["bash", "-c", f"{script}\n{asking}"], capture_output=True, text=True, env=environment)

    assert (shown.stdout, shown.stderr) == ("up\n", "")
