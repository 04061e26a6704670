"""`procession submit`: what the daemon is given."""

import json
import os
from pathlib import Path

import pytest


def given(daemon, name: str) -> dict:
    """Give the task as the daemon got it."""
    return daemon("seen")["tasks"][name]


def test_the_id_alone_is_printed(cli, daemon):
    """One line on standard output, for a script to keep."""
    shown = cli("submit", "--", "true")

    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "t1\n", "")


def test_every_option_arrives(cli, daemon, tmp_path):
    """Each option becomes its field; paths are absolute."""
    words = tmp_path / "words"
    words.touch()
    options = ["--name", "a", "--group", "night", "--priority", "3", "--retries", "2", "--timeout", "2h"]
    options += ["--grace", "9s", "--delay", "1m", "--restart", "retry"]
    more = ["--env", "A=1", "--label", "team=maps", "--after", "t1", "--cwd", "sub", "--stdin", "words"]
    cli("submit", "--name", "t1", "--", "true")

    shown = cli("submit", *options, *more, "--", "./tool", "--name", "x", cwd=tmp_path)

    assert shown.stdout == "a\n", shown.stderr
    task = given(daemon, "a")
    command = task.pop("command")
    assert task == {
        "name": "a",
        "group": "night",
        "priority": 3,
        "retries": 2,
        "delay_s": 60.0,
        "restart": "retry",
        "labels": {"team": "maps"},
        "after": [{"task": "t1", "condition": "succeeded"}],
    }
    assert command["argv"] == [f"{tmp_path}/./tool", "--name", "x"]
    assert (command["cwd"], command["env"]) == (f"{tmp_path}/sub", {"A": "1"})
    assert (command["timeout_s"], command["grace_s"]) == (7200.0, 9.0)
    assert command["stdin"] == {"kind": "file", "path": str(words), "append": False}


def test_our_input_becomes_the_tasks(cli, daemon, scripted):
    """With --stdin - what we are given is laid where the daemon takes it over with the task, whole."""
    spool = Path(scripted).with_name("spool")
    spool.mkdir()
    cli("submit", "--stdin", "-", "--name", "a", "--", "cat", input="é\n" * 100_000)
    (spooled,) = spool.iterdir()

    assert given(daemon, "a")["command"]["stdin"]["path"] == str(spooled)
    assert spooled.read_text() == "é\n" * 100_000
    assert spooled.stat().st_mode & 0o777 == 0o600


def test_a_terminal_of_its_own(cli, daemon):
    """--pty connects all three streams to one."""
    cli("submit", "--pty", "--name", "a", "--", "cat")

    assert {given(daemon, "a")["command"][stream]["kind"] for stream in ("stdin", "stdout", "stderr")} == {"pty"}


def test_a_file_of_tasks(cli, daemon, task_file):
    """All of them go at once; their names are printed, in order."""
    path = task_file('[tasks.a]\ncommand = "true"\ndelay = "5s"\n[tasks.b]\ncommand = "true"\nafter = ["a"]\n')

    assert cli("submit", path).stdout == "a\nb\n"
    assert given(daemon, "a")["delay_s"] == 5.0
    assert json.loads(cli("submit", "--json", "--replace", path).stdout) == {"ids": ["a", "b"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "x", "FILE"], "--name is for one command"),
        (["--pty", "--stdin", "x", "--", "cat"], "the terminal is the input"),
        (["--name", "../x", "--", "true"], "name cannot be"),
    ],
    ids=["file", "pty", "name"],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(cli, daemon, task_file, arguments, said):
    """Exit 2, a sentence, and nothing reached the daemon."""
    path = task_file('[tasks.a]\ncommand = "true"\n')

    shown = cli("submit", *(path if each == "FILE" else each for each in arguments))

    assert (shown.returncode, shown.stdout) == (2, "")
    assert said in shown.stderr
    assert daemon("seen")["tasks"] == {}


def test_a_store_that_cannot_write_is_a_refusal_for_now(cli, daemon):
    """Exit 75, with the daemon's sentence and hint."""
    daemon("script", refuse={"code": "store_unavailable", "detail": "the disk is full", "hint": "make room"})

    shown = cli("submit", "--", "true")

    assert (shown.returncode, shown.stderr) == (75, "procession: error: the disk is full\n  hint: make room\n")


def test_no_start_refuses_rather_than_start(cli, home):
    """Exit 4, and no daemon was made."""
    shown = cli("submit", "--no-start", "--", "true", env=os.environ | {"PROCESSION_HOME": str(home)})

    assert shown.returncode == 4
    assert not home.exists()
