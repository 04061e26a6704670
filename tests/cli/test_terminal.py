"""The command line on a terminal, as a user at a keyboard meets it: the live table, Ctrl-C, Ctrl-Z."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "procession")
SHELL = f"{sys.executable} -m procession"
TICKING = "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.02; done"

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


def test_a_live_table_shows_state_and_last_line_then_the_summary(terminal, task_file):
    """A row per task while it runs; at the end the table gives way to the summary."""
    text = """
    [tasks.talker]
    command = ["sh", "-c", "echo doing things; sleep 0.7"]
    [tasks.later]
    command = "true"
    after = ["talker"]
    """
    screen = terminal(*COMMAND, "up", task_file(text))

    screen.wait_for("waiting for talker")
    screen.wait_for("doing things")

    assert screen.wait() == 0
    end = screen.seen.decode()
    assert "2 tasks in " in end
    assert end.rindex("\x1b[?25h") < end.index("2 tasks in ")  # the cursor is visible again


def test_what_tasks_print_cannot_act_through_the_table(terminal, task_file):
    """C118: no title, no clipboard, no clearing of the screen reaches the terminal."""
    script = "printf 'safe \\033]0;evil\\007 \\033]52;c;ZXZpbA==\\007 \\033[2J'; sleep 0.7"
    screen = terminal(*COMMAND, "up", task_file(f"[tasks.a]\ncommand = {json.dumps(['sh', '-c', script])}"))

    screen.wait_for("safe")

    assert screen.wait() == 0
    everything = screen.seen.decode()
    assert not any(each in everything for each in ("\x1b]0;", "\x1b]52", "\x1b[2J", "evil"))


def test_more_tasks_than_lines_are_counted(terminal, task_file):
    """On a small screen those that run are shown, and how many there are besides."""
    tasks = "".join(f'[tasks.t{number:02}]\ncommand = "true"\nafter = ["runs"]\n' for number in range(30))
    text = f'{tasks}[tasks.runs]\ncommand = ["sh", "-c", "echo I run; sleep 0.7"]\n'
    screen = terminal(*COMMAND, "up", task_file(text), rows=10)

    screen.wait_for("I run")
    screen.wait_for("… and 25 more")

    assert screen.wait() == 0


@pytest.mark.parametrize("how", ["NO_COLOR", "--no-color"])
def test_colours_can_be_refused(terminal, task_file, how):
    """https://no-color.org, and an option."""
    arguments = [how] if how.startswith("-") else []
    environment = {} if arguments else {how: "1"}
    screen = terminal(*COMMAND, "up", *arguments, task_file('[tasks.a]\ncommand = "sleep 0.3"'), **environment)

    assert screen.wait() == 0
    assert b"\x1b[3" not in screen.seen
    assert b"succeeded" in screen.seen


def test_a_dumb_terminal_gets_lines(terminal, task_file):
    """Where no cursor can be moved, nothing tries to."""
    screen = terminal(*COMMAND, "up", task_file('[tasks.a]\ncommand = "echo hi"'), TERM="dumb")

    assert screen.wait() == 0
    assert b"a | hi" in screen.seen
    assert b"\x1b" not in screen.seen


def test_ctrl_c_asks_and_ctrl_c_again_insists(terminal, task_file):
    """C058: what happens is said below the table; exit 130."""
    script = "trap '' TERM; echo I am deaf; while :; do sleep 300; done"
    text = f"[tasks.a]\ncommand = {json.dumps(['sh', '-c', script])}\ngrace = '1h'\n"
    screen = terminal(*COMMAND, "up", task_file(text))
    screen.wait_for("I am deaf")

    screen.type("\x03")
    screen.wait_for("once more kills them")
    screen.type("\x03")

    assert screen.wait() == 130
    assert b"1 stopped" in screen.seen


def test_ctrl_z_suspends_the_tasks_and_fg_lets_them_run_on(terminal, task_file, tmp_path: Path):
    """C039: while we are stopped nothing of our tasks runs; afterwards they go on where they were."""
    text = f"[tasks.a]\ncommand = {json.dumps(['sh', '-c', TICKING])}\n"
    screen = terminal("bash", "--norc", "-i", PS1="$ ")
    screen.type(f"{SHELL} up {task_file(text)} --logs {tmp_path}/logs\n")
    screen.wait_for("tick ")

    screen.type("\x1a")
    screen.wait_for("Stopped")
    log = tmp_path / "logs" / "a.out"
    printed = log.read_bytes()
    screen.type("sleep 0.3; echo still $((40+2))\n")
    screen.wait_for("still 42")
    assert log.read_bytes() == printed

    screen.type("fg\n")
    screen.wait_for("running")
    wait_until(lambda: log.stat().st_size > len(printed))
    screen.type("\x03")
    screen.wait_for("1 stopped")
    screen.type("echo status $?\n")
    screen.wait_for("status 130")
    screen.type("exit\n")
    assert screen.wait() == 0


def test_ctrl_z_and_fg_with_one_command(terminal, tmp_path: Path):
    """C039: `run` stops with its command, and the shell sees a stopped job; `fg` continues both."""
    screen = terminal("bash", "--norc", "-i", PS1="$ ")
    log = tmp_path / "ticks"
    screen.type(f"{SHELL} run -- sh -c '{TICKING}' > {log}; echo first\n")
    wait_until(lambda: log.exists() and log.read_text().count("tick") > 3)

    screen.type("\x1a")
    screen.wait_for("Stopped")
    printed = log.read_bytes()
    screen.type("sleep 0.3; echo still $((40+2))\n")
    screen.wait_for("still 42")
    assert log.read_bytes() == printed

    screen.type("fg\n")
    screen.wait_for("procession run")
    wait_until(lambda: log.stat().st_size > len(printed))
    screen.type("\x03")
    screen.wait_for("passed on")
    screen.type("echo status $?\n")
    screen.wait_for("status 130")
    screen.type("exit\n")
    screen.wait()


def test_a_command_reads_from_the_terminal_in_the_foreground_only(terminal):
    """In the foreground a command reads what is typed; in the background it finds the end of its input."""
    screen = terminal("bash", "--norc", "-i", PS1="$ ")

    screen.type(f"{SHELL} run -- sh -c 'read line; echo got $line.'\n")
    screen.type("hello\n")
    screen.wait_for("got hello.")
    screen.type(f"{SHELL} run -- sh -c 'cat; echo cat $((40+2))' & wait\n")
    screen.wait_for("cat 42")
    screen.type("exit\n")
    assert screen.wait() == 0


def test_the_terminal_is_left_as_it_was_found(terminal):
    """A command that is killed in the middle of raw mode leaves a terminal that echoes."""
    screen = terminal("bash", "--norc", "--noediting", "-i", PS1="$ ")

    screen.type(f"{SHELL} run -- sh -c 'stty raw -echo; kill -9 $$'\n")
    screen.type("stty -a; echo status $((130+7))\n")

    assert " echo " in screen.wait_for("status 137").replace("\n", " ")
    screen.type("exit\n")
    screen.wait()


def test_a_new_window_size_is_passed_on(terminal):
    """SIGWINCH reaches the command, which no terminal would tell."""
    script = "trap 'echo resized; exit 0' WINCH; echo ready; while :; do sleep 0.05; done"
    screen = terminal(*COMMAND, "run", "--", "sh", "-c", script)
    screen.wait_for("ready")

    screen.resize(40, 120)

    assert screen.wait() == 0
    assert b"resized" in screen.seen


def wait_until(predicate: Callable[[], bool]) -> None:
    """Wait for what no event announces to us."""
    deadline = time.monotonic() + 20
    while not predicate():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_live_screen_of_all_tasks(terminal, daemon):
    """`top` shows what the daemon has, and leaves the terminal as it was."""
    daemon("fill", count=3)
    screen = terminal(*COMMAND, "top", columns=140)

    screen.wait_for("LAST LINE")
    screen.wait_for("by cpu")
    screen.type("q")

    assert screen.wait() == 0
    assert b"\x1b[?1049l" in screen.seen


def test_without_a_terminal_there_is_no_live_screen(cli, daemon):
    """What it would show is said otherwise."""
    shown = cli("top")

    assert shown.returncode == 2
    assert "procession ls" in shown.stderr
