"""`submit`, `run --detach` and `up --detach` with a real daemon: what is taken, and what a task is given."""

import json
import os

import pytest


def test_the_first_verb_starts_the_daemon_and_prints_the_id(cli, view):
    """The id alone; without a daemon and with --no-start, exit 4 and what to do."""
    refused = cli("submit", "--no-start", "--", "true")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "none runs" in refused.stderr
    assert "procession daemon start" in refused.stderr

    shown = cli("submit", "--", "true")

    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "t1\n", "")
    assert cli("wait", "t1").returncode == 0
    assert view("t1")["outcome"]["kind"] == "succeeded"


def test_a_task_has_the_circumstances_of_who_submits(cli, ok, tmp_path):
    """C006, C108: directory, variables, mask, soft limits and niceness are the submitter's, not the daemon's."""
    ok("daemon", "start")
    there = tmp_path / "with space"
    there.mkdir()
    script = "pwd; echo $COLOUR; umask; ulimit -n; nice; grep -E 'SigIgn|SigBlk' /proc/self/status | cut -f2"
    shell = f'umask 031; ulimit -Sn 77; exec nice -n 3 "$@" submit --name a -- sh -c "{script}"'
    environment = os.environ | {"COLOUR": "blå"}
    import subprocess
    import sys

    arguments = ["sh", "-c", shell, "sh", sys.executable, "-m", "procession"]
    subprocess.run(arguments, check=True, cwd=there, env=environment, capture_output=True)
    assert cli("wait", "a").returncode == 0
    told = ok("logs", "a").splitlines()
    assert told == [str(there), "blå", "0031", "77", "3", "0" * 16, "0" * 16]


def test_options_take_effect(submit, ok, cli, view, tmp_path):
    """Name, group, label, priority, cwd, env, retries and grace stand in what is told of the task."""
    options = ["--name", "a", "--group", "night", "--label", "team=maps", "--priority", "4", "--retries", "1"]
    submit(*options, "--cwd", str(tmp_path), "--env", "X=1", "--grace", "9s", "pwd; echo $X; exit 3")
    waited = cli("wait", "a")
    assert waited.returncode == 1
    told = view("a")
    assert (told["group"], told["labels"], told["priority"]) == ("night", {"team": "maps"}, 4)
    assert (told["attempt"], told["outcome"]["code"]) == (2, 3)
    assert ok("logs", "a") == f"{tmp_path}\n1\n" * 2


def test_what_waits_says_why(submit, ok, view):
    """A delay, a dependency, a drain: each is named in ls and show."""
    submit("--name", "late", "--delay", "1h", "true")
    submit("--name", "next", "--after", "late", "true")
    ok("drain")
    submit("--name", "held", "true")
    assert view("late")["waiting"] == "waiting: delayed by 1 h 00 m"
    assert view("next")["waiting"] == "waiting for late to succeed"
    assert "draining" in ok("show", "held")
    ok("drain", "--off")
    ok("wait", "held")


def test_a_full_pool_says_so(home, submit, ok, view):
    """The limit of the daemon's own configuration is kept, and told to who waits."""
    (home / "config.toml").write_text("[pool]\nhard_limit = 1\n")
    submit("--name", "first", "sleep 97")
    submit("--name", "second", "true")
    assert view("second")["waiting"] == "waiting: 1 running, limit 1"
    ok("stop", "first")
    ok("wait", "second")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--name", "a/b", "--", "true"], "name"),
        (["--name", "taken", "--", "true"], "is taken"),
        (["--after", "nobody", "--", "true"], "nobody"),
        (["--timeout", "soon", "--", "true"], "soon"),
        (["--pty", "--stdin", "x", "--", "true"], "terminal"),
        (["--name", "x", "tasks.toml"], "a file says it itself"),
        (["nowhere.toml"], "cannot be read"),
        ([], "COMMAND"),
    ],
)
def test_what_is_wrong_is_refused_whole(cli, submit, ok, arguments, says):
    """Exit 2, a sentence, and nothing was taken."""
    submit("--name", "taken", "true")
    refused = cli("submit", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert says in refused.stderr
    assert [each["id"] for each in json.loads(ok("ls", "--json"))["tasks"]] == ["taken"]


def test_a_name_is_given_anew_only_when_that_is_asked_for(cli, submit, ok):
    """--replace takes the place of an ended task, with new logs; a bad batch leaves the old one."""
    submit("--name", "a", "echo old")
    ok("wait", "a")
    assert cli("submit", "--name", "a", "--", "true").returncode == 2
    assert cli("submit", "--replace", "--name", "a", "--after", "nobody", "--", "true").returncode == 2
    assert ok("logs", "a") == "old\n"
    submit("--replace", "--name", "a", "echo new")
    ok("wait", "a")
    assert ok("logs", "a") == "new\n"


def test_a_file_of_tasks(ok, task_file, cli):
    """All tasks of a file; a file with its own pool is told that the daemon's counts."""
    text = '[pool]\nhard_limit = 1\n[tasks.a]\ncommand = ["true"]\n[tasks.b]\ncommand = ["true"]\nafter = ["a"]\n'
    done = cli("submit", task_file(text))
    assert done.stdout == "a\nb\n"
    assert "[pool]" in done.stderr
    ok("wait", "a", "b")


def test_input_from_a_file_from_us_and_later(submit, ok, tmp_path):
    """--stdin FILE, --stdin -, --stdin pipe with send, and nothing by default."""
    (tmp_path / "words").write_text("from a file\n")
    submit("--name", "file", "--stdin", str(tmp_path / "words"), "cat")
    submit("--name", "ours", "--stdin", "-", "cat", input="from us\n" * 50_000)
    submit("--name", "none", "cat")
    submit("--name", "later", "--stdin", "pipe", "cat")
    ok("send", "later", "a line")
    ok("send", "later", input="and more")
    ok("send", "later", "--end")
    ok("wait", "--all")
    assert ok("logs", "file") == "from a file\n"
    assert ok("logs", "ours") == "from us\n" * 50_000
    assert ok("logs", "none") == ""
    assert ok("logs", "later") == "a line\nand more"


def test_run_detached(ok, cli):
    """`run --detach` is `submit`: an id, and the daemon looks after it; options without a meaning there are refused."""
    assert ok("run", "--detach", "--env", "A=1", "--", "sh", "-c", "echo $A") == "t1\n"
    ok("wait", "t1")
    assert ok("logs", "t1") == "1\n"
    refused = cli("run", "--detach", "--json-events", "x", "--", "true")
    assert refused.returncode == 2
    assert "--json-events does not go with --detach" in refused.stderr


def test_up_detached(ok, cli, task_file, tmp_path):
    """`up --detach` hands over all tasks; --logs still says where they print."""
    path = task_file('[tasks.a]\ncommand = ["echo", "hello"]\n[tasks.b]\ncommand = ["echo", "you"]\n')
    logs = tmp_path / "my logs"
    assert ok("up", "--detach", path, "--logs", str(logs), "--log-limit", "1MB") == "a\nb\n"
    ok("wait", "--all")
    assert (logs / "a.out").read_text() == ok("logs", "a") == "hello\n"
    for options in (["--limit", "3"], ["--quiet"], ["--color"], ["--log-limit", "1MB"]):
        refused = cli("up", "--detach", path, *options)
        assert refused.returncode == 2
        assert "does not go with --detach" in refused.stderr


def test_secrets_and_escapes_are_not_shown(submit, ok, cli, home):
    """C113, C118: no value of a variable is printed, and what acts on a terminal is spelt out."""
    submit("--name", "a", "--env", "TOKEN=verysecret", "printf '\\033]0;x\\007'; : '\x1b[31m\x07'; exit 1")
    assert cli("wait", "a").returncode == 1
    shown = ok("ls") + ok("show", "a") + ok("events") + ok("ls", "--json") + ok("show", "--json", "a")
    assert "verysecret" not in shown
    assert "\x1b" not in ok("ls") + ok("show", "a") + ok("events") + ok("logs", "--timestamps", "a")
    assert ok("logs", "a") == "\x1b]0;x\x07"
    assert (home / "store.db").stat().st_mode & 0o777 == 0o600
