"""`procession ls`: a table for people, JSON for programs, and quick."""

import json
import re
import subprocess
import sys

import pytest


@pytest.fixture
def tasks(cli, daemon):
    """Four tasks: one ended well, one ran into trouble, one runs, one waits."""
    for name, program in (("good", "true"), ("bad", "false"), ("long", "sleep"), ("next", "wait")):
        cli("submit", "--name", name, "--group", name[0], "--", program, "x")
    return daemon


def test_a_table(cli, tasks):
    """A head, then a line for each: how it stands and why."""
    head, *lines = cli("ls").stdout.splitlines()

    assert head.split() == ["ID", "STATE", "PID", "TIME", "GROUP", "DETAIL", "COMMAND"]
    assert [line.split()[:2] for line in lines] == [
        ["good", "ended"],
        ["bad", "ended"],
        ["long", "running"],
        ["next", "queued"],
    ]
    assert "exited with code 7" in lines[1]
    assert "3 running, limit 3" in lines[3]
    assert [line.index(program) for line, program in zip(lines, ("true", "false", "sleep", "wait"), strict=True)] == [
        head.index("COMMAND")
    ] * 4


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["long", "g*"], ["good", "long"]),
        (["--group", "b"], ["bad"]),
        (["--group=b", "--state=ended"], ["bad"]),
        (["--state", "running"], ["long"]),
        (["-n", "2"], ["long", "next"]),
        (["-n2"], ["long", "next"]),
        (["-a"], ["good", "bad", "long", "next"]),
    ],
    ids=" ".join,
)
def test_the_quick_way_and_the_full_one_list_the_same(cli, tasks, arguments, names):
    """Whether click took part cannot be told from the output."""
    quick, full = cli("ls", *arguments), cli("--debug", "ls", *arguments)

    assert quick.stdout == full.stdout
    assert [line.split()[0] for line in quick.stdout.splitlines()[1:]] == names


def test_json_is_what_the_daemon_says(cli, tasks):
    """One object with all tasks, every key there."""
    listed = json.loads(cli("ls", "--json").stdout)["tasks"]

    assert [each["id"] for each in listed] == ["good", "bad", "long", "next"]
    assert listed[0]["outcome"]["kind"] == "succeeded"


def test_the_newest_thousand_unless_all_are_asked_for(cli, daemon):
    """A long history does not flood the screen."""
    daemon("fill", count=1003)

    assert len(cli("ls").stdout.splitlines()) == 1001
    assert len(cli("ls", "--all").stdout.splitlines()) == 1004


def test_what_others_wrote_cannot_act_on_the_terminal(cli, daemon):
    """Escape sequences in a command are shown, not obeyed (C118)."""
    cli("submit", "--", "true", "\x1b[31m\x1b]0;x\x07\t\n")

    shown = cli("ls").stdout

    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2


def test_on_a_terminal_lines_are_cut_and_coloured(tasks, terminal):
    """Nothing is wrapped."""
    screen = terminal(sys.executable, "-m", "procession", "ls", columns=40)

    assert screen.wait() == 0
    assert b"\x1b[32m" in screen.seen
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen.seen.decode())
    assert max(map(len, plain.splitlines())) == 40


@pytest.mark.parametrize("arguments", [["nobody"], ["--json", "nobody"], ["--group", "nobody"]], ids=" ".join)
def test_a_task_that_is_not_there(cli, tasks, arguments):
    """Exit 3, and the daemon's sentence."""
    shown = cli("ls", *arguments)

    assert (shown.returncode, shown.stdout) == (3, "")
    assert "no task is called 'nobody'" in shown.stderr


def test_no_heavy_module_is_loaded(tasks):
    """Neither an option parser nor a codec nor a library of sockets."""
    code = (
        "import sys; from procession.cli.entry import main; main(['ls']); "
        "print({'click', 'msgspec', 'json', 'socket', 're', 'typing', 'asyncio'} & set(sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.endswith("set()\n")
