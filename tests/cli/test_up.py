"""`procession up` without a terminal: lines, JSON, exit statuses, logs, interruptions."""

import base64
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TWO = """
[tasks.good]
command = ["sh", "-c", "echo out; echo err >&2"]
[tasks.bad]
command = ["sh", "-c", "exit 3"]
"""
SLEEPERS = """
[pool]
hard_limit = 2
[tasks.polite]
command = ["sh", "-c", "echo polite $$; exec sleep 300"]
[tasks.deaf]
command = ["sh", "-c", "trap '' TERM; echo deaf $$; while :; do sleep 300; done"]
grace = "1h"
[tasks.queued]
command = ["true"]
"""
REQUIRED = {"id", "name", "state", "attempt", "pid", "started_at", "ended_at", "command", "cwd", "outcome"}


def read_json(text: str) -> list[dict]:
    """Each line must be one JSON object."""
    return [json.loads(line) for line in text.splitlines()]


def test_all_succeeded_is_0(cli, task_file):
    """Exit 0 only if every task succeeded."""
    assert cli("up", task_file('[tasks.a]\ncommand = "true"\n[tasks.b]\ncommand = "true"')).returncode == 0


@pytest.mark.parametrize("command", ["false", "no-such-program", "sh -c 'kill -9 $$'"])
def test_one_that_did_not_succeed_is_1(cli, task_file, command):
    """A failure, a death and a program that does not exist count alike."""
    assert cli("up", task_file(f'[tasks.a]\ncommand = "true"\n[tasks.b]\ncommand = "{command}"')).returncode == 1


def test_each_line_has_the_name_of_its_task(cli, task_file):
    """Both streams, aligned; then how each ended; nothing on stderr."""
    shown = cli("up", task_file(TWO))

    assert shown.stderr == ""
    assert {"good | out", "good | err"} <= set(shown.stdout.splitlines())
    assert "+ good  succeeded" in shown.stdout
    assert "- bad   failed" in shown.stdout
    assert "exited with code 3" in shown.stdout
    assert "2 tasks in " in shown.stdout


def test_a_last_line_without_its_end_is_shown(cli, task_file):
    """C026: what a task printed last is shown, also without a newline; a bar is shown as it was left."""
    shown = cli("up", task_file('[tasks.a]\ncommand = ["printf", "10%%\\\\r99%%\\\\nand then"]'))

    assert shown.stdout.startswith("a | 99%\na | and then\n\n+ a")


def test_every_line_arrives_and_in_order(cli, task_file):
    """C020: a burst before the exit is shown whole, and before the summary."""
    shown = cli("up", task_file('[tasks.a]\ncommand = "seq 1 50000"'))

    lines = [line for line in shown.stdout.splitlines() if line.startswith("a | ")]
    assert lines == [f"a | {number}" for number in range(1, 50001)]


def test_what_tasks_print_cannot_act_on_the_terminal(cli, task_file, home):
    """C118: escape sequences leave nothing in the lines; the log has every byte."""
    hostile = b"\x1b]0;title\x07\x1b[31mred\x1b[0m \xff\x1b[2J\n"
    script = f"import sys; sys.stdout.buffer.write({hostile!r})"
    shown = cli("up", task_file(f"[tasks.a]\ncommand = {json.dumps([sys.executable, '-c', script])}"))

    assert shown.stdout.startswith("a | red \\xff\n")
    assert next(home.glob("runs/*/a.out")).read_bytes() == hostile


def test_quiet_shows_the_summary_alone(cli, task_file):
    """The logs are there for the rest."""
    assert cli("up", "--quiet", task_file(TWO)).stdout.startswith("+ good")


def test_colours_come_only_when_wanted(cli, task_file):
    """No terminal: no colours, unless asked for."""
    assert "\x1b" not in cli("up", task_file(TWO)).stdout
    assert "\x1b[" in cli("up", "--color", task_file(TWO)).stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected at least one task"),
        ("[tasks.a]\n", ":1: tasks.a: expected either command or shell"),
        ('[tasks.a]\ncommand = "true"\nretires = 2\n', ":3: tasks.a.retires: unknown key"),
        ('[tasks.a]\ncommand = "true"\ntimeout = "soon"\n', ":3: tasks.a.timeout: "),
        ('[tasks.a]\ncommand = "true"\nafter = ["b"]\n', ":3: tasks.a.after[0]: no task of this file is called 'b'"),
        ('[tasks."../x"]\ncommand = "true"\n', ":1: "),
        ("[tasks.a\n", ":1: expected TOML"),
        ("[pool]\nhard_limit = 0\n[tasks.a]\ncommand = 'true'\n", ":2: pool.hard_limit: "),
    ],
)
def test_a_bad_file_is_refused_with_line_key_and_expectation(cli, task_file, text, words):
    """C116: exit 2, one sentence that names the place and what was expected; nothing on standard output."""
    path = task_file(text)

    shown = cli("up", path, "--json")

    assert (shown.returncode, shown.stdout) == (2, "")
    assert f"procession: error: {path}" in shown.stderr
    assert words in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_bad_file_is_refused_whole(cli, task_file, tmp_path: Path, home):
    """C002: one bad task, and none is started; not even a directory is made."""
    shown = cli("up", task_file('[tasks.a]\ncommand = "touch started"\n[tasks.b]\ncommand = 3\n'))

    assert shown.returncode == 2
    assert not (tmp_path / "started").exists()
    assert not home.exists()


def test_a_file_that_cannot_be_read_is_a_bad_file(cli, tmp_path: Path):
    """Missing files and directories are said in a sentence."""
    for path, words in ((tmp_path / "no.toml", "No such file"), (tmp_path, "Is a directory")):
        shown = cli("up", str(path))

        assert shown.returncode == 2
        assert words in shown.stderr


def test_the_file_may_come_from_standard_input(cli):
    """`-` reads the file from there."""
    assert "a | hi" in cli("up", "-", input='[tasks.a]\ncommand = "echo hi"').stdout


def test_json_is_one_event_per_line_and_the_summary_last(cli, task_file):
    """The contract with scripts: every line parses, nothing else is there, tasks have their keys."""
    shown = cli("up", task_file(TWO + '[tasks.never]\ncommand = "true"\nafter = ["bad"]'), "--json")
    events = read_json(shown.stdout)
    summary = events[-1]
    tasks = {task["name"]: task for task in summary["tasks"]}

    assert (shown.returncode, shown.stderr) == (1, "")
    assert [each["event"] for each in events].count("summary") == 1
    assert summary["event"] == "summary"
    assert (summary["ok"], summary["total"], summary["succeeded"]) == (False, 3, 1)
    assert summary["counts"] == {"succeeded": 1, "failed": 1, "cancelled": 1}
    assert all(task.keys() >= REQUIRED for task in tasks.values())
    assert (tasks["good"]["state"], tasks["good"]["outcome"]["kind"]) == ("ended", "succeeded")
    assert (tasks["bad"]["outcome"]["kind"], tasks["bad"]["outcome"]["code"]) == ("failed", 3)
    assert tasks["never"]["outcome"]["kind"] == "cancelled"
    assert "bad" in tasks["never"]["outcome"]["message"]
    assert tasks["never"]["pid"] is None


def test_json_tells_what_was_printed_before_how_it_ended(cli, task_file):
    """C020, C042: a task's output comes, line by line with its offset, before the event of its end."""
    events = read_json(cli("up", task_file(TWO), "--json").stdout)
    good = [each for each in events if each.get("task") == "good"]
    outputs = [each for each in good if each["event"] == "output"]

    assert {(each["stream"], each["text"], each["offset"]) for each in outputs} == {
        ("stdout", "out", 0),
        ("stderr", "err", 0),
    }
    assert good[-1]["event"] == "ended"
    assert [each["event"] for each in good][:3] == ["submitted", "starting", "started"]


def test_json_keeps_bytes_that_are_no_text(cli, task_file):
    """Hostile bytes make no hostile JSON: the exact ones are beside the text, and an unended line is marked."""
    data = b"\xff\x00\x1b[2J \xe2\x80\xa8 tail"
    script = f"import sys; sys.stdout.buffer.write({data!r})"
    text = f"[tasks.a]\ncommand = {json.dumps([sys.executable, '-c', script])}"

    events = read_json(cli("up", task_file(text), "--json").stdout)
    output = next(each for each in events if each["event"] == "output")

    assert base64.b64decode(output["base64"]) == data
    assert output["partial"] is True


def test_every_byte_is_kept_in_files_that_are_ours_alone(cli, task_file, home):
    """C112: whatever the umask, the directory is 0700 and its files 0600; the summary is kept beside the logs."""
    shown = cli("up", task_file(TWO), "--json", umask=0)
    logs = Path(read_json(shown.stdout)[-1]["logs"])

    assert logs.parent == home / "runs"
    assert [(logs / name).read_text() for name in ("good.out", "good.err", "bad.out")] == ["out\n", "err\n", ""]
    assert json.loads((logs / "summary.json").read_text()) == read_json(shown.stdout)[-1]
    assert {path.stat().st_mode & 0o777 for path in logs.iterdir()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (logs, logs.parent, home)} == {0o700}


def test_logs_go_where_asked(cli, task_file, tmp_path: Path, home):
    """`--logs` names the directory; a second run into it adds to the logs, and shows only what is new."""
    path = task_file('[tasks.a]\ncommand = "echo hi"')
    cli("up", path, "--logs", str(tmp_path / "deep" / "logs"))

    shown = cli("up", path, "--logs", str(tmp_path / "deep" / "logs"))

    assert shown.stdout.count("a | hi\n") == 1
    assert (tmp_path / "deep" / "logs" / "a.out").read_text() == "hi\nhi\n"
    assert not home.exists()


def test_logs_are_not_kept_where_others_may_write(cli, task_file, home):
    """C112: a home that others can write to is refused, before anything starts."""
    home.mkdir()
    home.chmod(0o777)

    shown = cli("up", task_file(TWO))

    assert shown.returncode == 1
    assert "others may write to it" in shown.stderr
    assert not list(home.iterdir())


def test_the_newest_twenty_runs_are_kept(cli, task_file, home):
    """Older directories of runs are removed, and no others."""
    for number in range(25):
        (home / "runs" / f"old-{number}").mkdir(parents=True)
        os.utime(home / "runs" / f"old-{number}", (number, number))
    home.chmod(0o700)
    (home / "runs").chmod(0o700)

    cli("up", task_file(TWO))

    kept = {path.name for path in (home / "runs").iterdir()}
    assert len(kept) == 20
    assert kept >= {f"old-{number}" for number in range(6, 25)}


def test_long_logs_can_be_bounded(cli, task_file, home):
    """With `--log-limit` head and tail stay, and how much was dropped is said at its place."""
    shown = cli("up", task_file('[tasks.a]\ncommand = "seq 1 200000"'), "--json", "--log-limit", "64KiB")
    events = [each for each in read_json(shown.stdout) if each["event"] == "output"]

    assert shown.returncode == 0
    assert "\0" not in shown.stdout
    assert events[0]["text"] == "1"
    assert events[-1]["text"] == "200000"
    assert next(home.glob("runs/*/a.out")).stat().st_blocks * 512 < 400_000


def test_streams_that_the_file_sends_elsewhere_stay_there(cli, task_file, tmp_path: Path):
    """A log that the file names is followed; a file, null and merged are as they were told."""
    text = """
    [tasks.log]
    command = "echo to a log"
    stdout = "own.log"
    [tasks.null]
    command = "echo to nobody"
    stdout = "null"
    [tasks.merged]
    command = ["sh", "-c", "echo 1; echo 2 >&2; echo 3"]
    stderr = "merged"
    [tasks.pty]
    command = ["sh", "-c", "test -t 1 && echo a terminal"]
    stdout = "pty"
    """
    shown = cli("up", task_file(text), "--logs", str(tmp_path / "logs"))

    assert (tmp_path / "own.log").read_text() == "to a log\n"
    assert "log    | to a log\n" in shown.stdout
    assert "to nobody" not in shown.stdout.partition("\n\n")[0]
    assert (tmp_path / "logs" / "merged.out").read_text() == "1\n2\n3\n"
    assert "pty    | a terminal" in shown.stdout
    assert (tmp_path / "logs" / "pty.out").read_bytes() == b"a terminal\r\n"


def test_attempts_are_told_apart(cli, task_file, tmp_path: Path):
    """What an attempt left unended is no part of the next one's first line; every attempt is in the log."""
    script = 'n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n > n; printf "try $n"; [ $n = 3 ]'
    text = f"[tasks.a]\ncommand = {json.dumps(['sh', '-c', script])}\nretries = 5\nretry_delay = '1ms'\n"

    shown = cli("up", task_file(text), "--logs", str(tmp_path / "logs"))

    assert shown.stdout.startswith("a | try 1\na | try 2\na | try 3\n")
    assert "attempt 3" in shown.stdout
    assert (tmp_path / "logs" / "a.out").read_text() == "try 1try 2try 3"


def test_the_limit_is_kept(cli, task_file):
    """`--limit 1` runs one after the other, whatever the file says."""
    text = "".join(f'[tasks.t{number}]\ncommand = "sleep 0.05"\n' for number in range(4))

    tasks = read_json(cli("up", task_file(text), "--json", "--limit", "1").stdout)[-1]["tasks"]

    spans = sorted((task["started_at"], task["ended_at"]) for task in tasks)
    assert all(end <= start + 0.01 for (_, end), (start, _) in itertools.pairwise(spans))


def wait_for_output(running: subprocess.Popen, *words: str) -> dict[str, int]:
    """Read events until each word was printed by a task; give the pids printed after them."""
    found: dict[str, int] = {}
    while found.keys() != set(words):
        event = json.loads(running.stdout.readline())
        word, _, pid = event.get("text", "").partition(" ")
        if event["event"] == "output" and word in words:
            found[word] = int(pid)
    return found


def test_the_first_request_asks_and_the_second_insists(start, task_file):
    """C055, C058: Ctrl-C stops all politely, once more kills; the summary is told all the same; exit 130."""
    running = start("up", task_file(SLEEPERS), "--json")
    wait_for_output(running, "polite", "deaf")

    running.send_signal(signal.SIGINT)
    while not {"event": "ended", "task": "polite"}.items() <= json.loads(running.stdout.readline()).items():
        pass
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    summary = read_json(out)[-1]
    outcomes = {task["name"]: task["outcome"] for task in summary["tasks"]}

    assert running.returncode == 130
    assert summary["interrupted_by"] == "SIGINT"
    assert {name: outcome["kind"] for name, outcome in outcomes.items()} == dict.fromkeys(outcomes, "stopped")
    assert (outcomes["polite"]["signal"], outcomes["polite"]["forced"]) == (signal.SIGTERM, False)
    assert (outcomes["deaf"]["signal"], outcomes["deaf"]["forced"]) == (signal.SIGKILL, True)
    assert outcomes["queued"]["signal"] is None
    assert "asked to end" in err
    assert "killed" in err


@pytest.mark.parametrize(("name", "status"), [("TERM", 143), ("HUP", 129)])
def test_other_requests_end_us_with_their_own_status(start, task_file, name, status):
    """C062: SIGTERM stops everything and is 143; nothing of the tasks is left."""
    running = start("up", task_file('[tasks.a]\ncommand = ["sh", "-c", "echo a $$; exec sleep 300"]'), "--json")
    pids = wait_for_output(running, "a")

    running.send_signal(getattr(signal, f"SIG{name}"))
    out, _ = running.communicate(timeout=20)

    assert running.returncode == status
    assert read_json(out)[-1]["tasks"][0]["outcome"]["kind"] == "stopped"
    assert not Path(f"/proc/{pids['a']}").exists()


def test_a_reader_that_went_away_stops_everything_quietly(start, task_file):
    """`| head`: the tasks are stopped although nobody prints any more; exit 141, and not a word."""
    running = start("up", task_file('[tasks.a]\ncommand = ["sh", "-c", "echo a $$; exec sleep 300"]'), "--json")
    pids = wait_for_output(running, "a")

    running.stdout.close()

    assert running.wait(20) == 141
    assert running.stderr.read() == ""
    assert not Path(f"/proc/{pids['a']}").exists()


def test_a_full_disk_behind_our_output_stops_no_task(cli, task_file, home):
    """C105: it is said on stderr, the tasks run on, the logs are complete; the status is not 0."""
    with open("/dev/full", "w") as full:
        shown = cli(
            "up",
            task_file('[tasks.a]\ncommand = "seq 1 10"'),
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert shown.returncode == 1
    assert "cannot write to standard output: No space left on device" in shown.stderr
    assert next(home.glob("runs/*/a.out")).read_text().endswith("\n10\n")


def test_a_reader_that_stands_still_holds_up_nothing(start, task_file, home):
    """C017: with nobody reading our output the tasks run to their end all the same; then the output follows."""
    path = task_file('[tasks.a]\ncommand = "seq 1 400000"\n[tasks.b]\ncommand = "touch done"\nafter = ["a"]\n')
    running = start("up", path)

    deadline = time.monotonic() + 20
    while not Path(path).with_name("done").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    out, _ = running.communicate(timeout=20)

    assert running.returncode == 0
    assert sum(line.startswith("a | ") for line in out.splitlines()) == 400000
