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
        ("procession ", {"run", "up", "completion"}),
        ("procession u", {"up"}),
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
