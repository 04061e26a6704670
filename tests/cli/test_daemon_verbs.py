"""The verbs that ask the daemon: what they print, and how they end."""

import json
import signal
import subprocess

import pytest

READING = ["ls", "show a", "logs a", "attach a", "wait a", "stop a", "events", "drain", "clean --keep 1", "daemon stop"]


@pytest.fixture
def tasks(cli, daemon):
    """One that ended well, one that did not, two that run."""
    for name, program in (("good", "true"), ("bad", "false"), ("long", "sleep"), ("echo", "cat")):
        cli("submit", "--name", name, "--label", "team=maps", "--", program)
    return daemon


@pytest.mark.parametrize("arguments", READING)
def test_without_a_daemon(cli, home, arguments):
    """Exit 4, a sentence and what to do; and none was started."""
    shown = cli(*arguments.split())

    assert (shown.returncode, shown.stdout) == (4, "")
    assert "none runs" in shown.stderr
    assert "procession daemon start" in shown.stderr
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "status", "printed"),
    [
        ("stop long", 0, "long  ended: stopped by the user\n"),
        ("stop long --grace 1s", 0, "long  ended: stopped by the user\n"),
        ("kill long", 0, "long  ended: stopped by the user\n"),
        ("suspend long echo", 0, "long  suspended\necho  suspended\n"),
        ("resume --group none", 3, ""),
        ("signal HUP long", 0, "long  running\n"),
        ("retry bad", 0, "bad  running\n"),
        ("remove good", 0, "good  removed\n"),
        ("stop good", 1, ""),
        ("stop good long", 1, "long  ended: stopped by the user\n"),
        ("stop nobody", 3, ""),
        ("signal NOSUCH long", 2, ""),
        ("edit long --priority 7", 0, "long  running\n"),
    ],
)
def test_a_line_for_each_task_and_how_it_is_now(cli, tasks, arguments, status, printed):
    """0 for all, 1 when it failed for some, 3 when there was nobody."""
    shown = cli(*arguments.split())

    assert (shown.returncode, shown.stdout) == (status, printed)
    assert ("procession: error: " in shown.stderr) == (status != 0)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("good", 0),
        ("good bad", 1),
        ("long --timeout 50ms", 5),
        ("--any long good", 0),
        ("--any long echo --timeout 50ms", 5),
        ("--exit-code bad", 7),
        ("--exit-code good bad", 2),
        ("nobody", 3),
    ],
)
def test_waiting_ends_as_the_tasks_did(cli, tasks, arguments, status):
    """0, 1, 5, or with --exit-code the task's own."""
    assert cli("wait", *arguments.split()).returncode == status


def test_a_card(cli, tasks):
    """What it is, how it ended, and on what evidence."""
    card = cli("show", "bad").stdout

    for fact in ("ended: exited with code 7", "failed, code 7", "team=maps", "/logs/bad/stdout (12 B)"):
        assert fact in card
    assert json.loads(cli("show", "--json", "bad").stdout)["task"]["outcome"]["code"] == 7


def test_one_log_comes_byte_for_byte(cli, tasks):
    """Nothing is made safe, or taken away; what the log has lost is said on stderr."""
    shown = cli("logs", "good", text=False)

    assert shown.stdout == b"good says 0\ngood says 1\n\xff\x1b[31mred\ngood says 3\ngood says 4\n"
    assert b"3 B dropped" in shown.stderr


def test_several_logs_have_names_and_are_safe(cli, tasks):
    """A line each, aligned, nothing in it that acts on a terminal (C118)."""
    shown = cli("logs", "good", "long", "-n", "1").stdout

    assert shown.splitlines() == [
        "good | [… 3 B dropped …]",
        "good | \\xffred",
        "long | [… 3 B dropped …]",
        "long | \\xffred",
    ]


def test_several_logs_are_followed_at_once(cli, tasks, start):
    """The end of the last one ends it."""
    following = start("logs", "-f", "long", "echo", "--timestamps")
    for _ in range(10):
        assert " | " in following.stdout.readline()
    cli("stop", "long", "echo")

    assert following.wait(10) == 0


def test_attaching_types_and_follows(cli, tasks, start):
    """Lines go to the task, the end of ours is the end of its input; how it ended is how we end."""
    attached = start("attach", "echo", stdin=subprocess.PIPE, errors="replace")
    attached.stdin.write("hello\n")
    attached.stdin.close()

    assert attached.stdout.read().endswith("hello\n")
    assert attached.wait(10) == 0
    assert "echo ended: exited with code 0" in attached.stderr.read()


def test_leaving_an_attached_task_does_not_end_it(cli, tasks, start):
    """Ctrl-C leaves it, with a remark."""
    attached = start("attach", "long", stdin=subprocess.PIPE, errors="replace")
    assert attached.stdout.readline() == "long says 0\n"
    for _ in range(4):
        attached.stdout.readline()
    attached.send_signal(signal.SIGINT)

    assert attached.wait(10) == 0
    assert "left long, which goes on" in attached.stderr.read()
    assert "running" in cli("ls", "long").stdout


def test_sending_a_line_or_a_stream(cli, tasks):
    """Text has its newline added; a stream goes as it is."""
    assert cli("send", "echo", "one").returncode == 0
    assert cli("send", "echo", "--end", input="two").returncode == 0

    assert tasks("seen")["input"] == {"echo": "one\ntwo"}
    assert cli("send", "nobody", "x").returncode == 3


def test_events_from_a_number_on(cli, tasks):
    """A line each, or an object each."""
    assert len(cli("events").stdout.splitlines()) == 5
    told = [json.loads(line) for line in cli("events", "--after", "3", "--json").stdout.splitlines()]
    assert [each["seq"] for each in told] == [4, 5]


def test_the_house_itself(cli, tasks):
    """Drain, clean, doctor and status say what is, for people and as JSON."""
    assert cli("drain").stdout.startswith("draining: ")
    assert cli("drain", "--off").stdout.startswith("running: ")
    assert cli("clean", "--older-than", "7d").stdout == "1 task removed, 2.0 MB freed\n"
    assert tasks("seen")["requests"][-1]["body"] == {"older_than_s": 604800.0}
    doctor = cli("doctor")
    assert doctor.returncode == 1
    assert [line[:2] for line in doctor.stdout.splitlines()] == ["ok", "!!", "  ", "??"]
    assert json.loads(cli("doctor", "--json").stdout)["checks"][1]["advice"] == "make room"
    assert "process 1, keeper 2" in cli("daemon", "status").stdout
    assert json.loads(cli("daemon", "status", "--json").stdout)["counts"] == {"ended": 2, "running": 2}


def test_the_status_of_no_daemon_is_data_too(cli):
    """`daemon status --json` says stopped; exit 4."""
    shown = cli("daemon", "status", "--json")

    assert (shown.returncode, json.loads(shown.stdout), shown.stderr) == (4, {"state": "stopped"}, "")


@pytest.mark.parametrize("arguments", ["ls", "logs good", "events", "doctor"])
def test_a_reader_that_went_away_ends_them_quietly(start, tasks, arguments):
    """Exit 141, and not a word."""
    running = start(*arguments.split())
    running.stdout.close()

    assert running.wait(10) in (0, 1, 141)
    assert "Traceback" not in running.stderr.read()
