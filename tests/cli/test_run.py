"""`procession run`: a command's streams, signals and exit status pass through it."""

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HANDLER = (
    "import signal, sys, time\n"
    "def handle(number, frame):\n"
    "    print('got', signal.Signals(number).name, flush=True)\n"
    "    sys.exit(7) if number != signal.SIGUSR1 else None\n"
    "for name in ('INT', 'TERM', 'HUP', 'QUIT', 'USR1'):\n"
    "    signal.signal(getattr(signal, 'SIG' + name), handle)\n"
    "print('ready', flush=True)\n"
    "while True:\n"
    "    time.sleep(0.02)\n"
)
DEAF = (
    "import signal, time\n"
    "for name in ('INT', 'TERM', 'HUP', 'QUIT'):\n"
    "    signal.signal(getattr(signal, 'SIG' + name), signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "while True:\n"
    "    time.sleep(60)\n"
)


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 0", 0), ("exit 1", 1), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -TERM $$", 143)],
)
def test_the_exit_status_is_that_of_the_command(cli, script, status):
    """C030: its code, or 128 and the number of the signal that ended it; and we add no word of our own."""
    shown = cli("run", "--", "sh", "-c", script)

    assert (status, "", "") == (shown.returncode, shown.stdout, shown.stderr)


def test_what_cannot_be_started_has_statuses_of_its_own(cli, tmp_path: Path):
    """C003, C004: 127 not found, 126 not executable, 125 for another reason; always a sentence on stderr."""
    plain = tmp_path / "plain"
    plain.write_text("echo hi\n")
    orphan = tmp_path / "orphan"
    orphan.write_text("#!/no/such/interpreter\n")
    orphan.chmod(0o755)
    cases = {
        ("no-such-program",): (127, "there is no program 'no-such-program'"),
        ("pythno3",): (127, "did you mean python3"),
        (str(plain),): (126, "is not executable"),
        (str(tmp_path),): (126, "is a directory"),
        (str(orphan),): (126, "/no/such/interpreter"),
    }
    for argv, (status, words) in cases.items():
        shown = cli("run", "--", *argv)

        assert (status, "") == (shown.returncode, shown.stdout)
        assert shown.stderr.startswith("procession: error: cannot start ")
        assert words in shown.stderr

    shown = cli("run", "--cwd", str(tmp_path / "nowhere"), "--", "true")
    assert shown.returncode == 125
    assert "does not exist" in shown.stderr


def test_the_streams_are_the_same_streams(cli):
    """C018: input and both outputs pass through untouched, in every byte."""
    every_byte = bytes(range(256)) * 100
    copy = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d); sys.stderr.buffer.write(d[::-1])"

    shown = cli("run", "--", sys.executable, "-c", copy, input=every_byte, text=False)

    assert (every_byte, every_byte[::-1]) == (shown.stdout, shown.stderr)


def test_nothing_is_split_or_given_to_a_shell(cli):
    """C115: arguments arrive as they were given, also those that look like our options."""
    hostile = ["; rm -rf x", "$(id)", "a\nb", "*", "--timeout", "-h", ""]

    shown = cli("run", "--", "printf", "<%s>", *hostile)

    assert "".join(f"<{each}>" for each in hostile) == shown.stdout


def test_cwd_and_environment_are_the_commands_own(cli, tmp_path: Path):
    """`--cwd` and `--env` change the command's world, not ours."""
    shown = cli("run", "--cwd", str(tmp_path), "--env", "A=1=2", "--env", "B=", "--", "sh", "-c", "pwd; echo $A.$B")

    assert f"{tmp_path}\n1=2.\n" == shown.stdout


def test_a_time_out_is_124(cli):
    """C022: when its time is up it is ended, and that is said."""
    began = time.monotonic()

    shown = cli("run", "--timeout", "300ms", "--", "sleep", "60")

    assert shown.returncode == 124
    assert shown.stderr == "procession: sleep 60 was ended: its 0.30 s were up\n"
    assert time.monotonic() - began < 10


def test_silence_is_an_end(cli):
    """A program that gives no sign of life in its time is ended, which is exit 124 and said."""
    shown = cli("run", "--watchdog", "300ms", "--grace", "100ms", "--", "sleep", "60")

    assert shown.returncode == 124
    assert shown.stderr == "procession: sleep 60 was ended: it gave no sign of life in time\n"


def test_a_time_out_insists_after_the_grace(cli):
    """C056: a command that ignores SIGTERM is killed, and the status is 124 all the same."""
    shown = cli("run", "--timeout", "500ms", "--grace", "200ms", "--", sys.executable, "-c", DEAF)

    assert shown.returncode == 124


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
def test_a_request_to_end_is_passed_on(start, name):
    """C055: the command gets the signal that we got, may handle it, and its exit status is ours."""
    running = start("run", "--", sys.executable, "-c", HANDLER)
    assert running.stdout.readline() == "ready\n"

    running.send_signal(getattr(signal, f"SIG{name}"))
    out, err = running.communicate(timeout=20)

    assert (7, f"got SIG{name}\n", "") == (running.returncode, out, err)


def test_a_command_that_dies_of_what_was_passed_on_says_so(start):
    """After Ctrl-C the status is 130, as a shell has it."""
    running = start("run", "--", "sh", "-c", "echo ready; exec sleep 60")
    running.stdout.readline()

    running.send_signal(signal.SIGINT)

    assert running.wait(20) == 130


def test_the_second_request_insists(start):
    """C058: a command that does not listen is killed, with everything it started, when we are asked again."""
    running = start("run", "--grace", "1h", "--", sys.executable, "-c", DEAF)
    running.stdout.readline()

    running.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.3)
    running.send_signal(signal.SIGINT)

    assert running.wait(20) == 137


def test_a_hang_up_that_is_told_twice_is_one(start):
    """The kernel and the shell both tell a hang-up: the grace holds."""
    running = start("run", "--grace", "1h", "--", sys.executable, "-c", DEAF)
    running.stdout.readline()

    running.send_signal(signal.SIGHUP)
    running.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.3)
    running.send_signal(signal.SIGTERM)

    assert running.wait(20) == 137


def test_the_grace_ends_by_itself(start):
    """C056: asked once, a command that does not listen is killed when its grace is over."""
    running = start("run", "--grace", "200ms", "--", sys.executable, "-c", DEAF)
    running.stdout.readline()

    running.send_signal(signal.SIGTERM)

    assert running.wait(20) == 137


def test_other_signals_are_passed_on_and_end_nobody(start):
    """SIGUSR1 would end us; it was meant for the command."""
    running = start("run", "--", sys.executable, "-c", HANDLER)
    running.stdout.readline()

    running.send_signal(signal.SIGUSR1)
    assert running.stdout.readline() == "got SIGUSR1\n"
    running.send_signal(signal.SIGTERM)

    assert running.wait(20) == 7


def test_a_signal_that_was_ignored_stays_ignored(start):
    """Nohup means what it says: neither we nor the command hear of the hang-up."""
    running = start("run", "--", "sh", "-c", "echo ready; read line; echo $line", stdin=subprocess.PIPE,
                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))  # fmt: skip
    running.stdout.readline()

    running.send_signal(signal.SIGHUP)
    out, _ = running.communicate("still here\n", timeout=20)

    assert (running.returncode, out) == (0, "still here\n")


def test_what_the_command_leaves_behind_is_ended(cli, tmp_path: Path):
    """C046: a daemon that the command started, in a session of its own, does not survive us."""
    daemon = "setsid sh -c 'echo $$; exec sleep 300' >pid 2>/dev/null </dev/null &"
    wait = "while [ ! -s pid ]; do :; done; cat pid"

    shown = cli("run", "--cwd", str(tmp_path), "--", "sh", "-c", f"{daemon} {wait}")

    assert shown.returncode == 0
    assert not is_alive(int(shown.stdout))


def test_lifecycle_events_go_to_a_file_on_request(cli, tmp_path: Path):
    """C042: one JSON object per line, from `starting` to the end, with the outcome; the file is ours alone."""
    path = tmp_path / "events.jsonl"

    cli("run", "--json-events", str(path), "--", "sh", "-c", "exit 3")
    events = [json.loads(line) for line in path.read_text().splitlines()]
    names = [each["event"] for each in events]

    assert names[0] == "starting"
    assert names[:3] == ["starting", "started", "exited"]
    assert next(each for each in events if each["event"] == "closed")["outcome"]["code"] == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_events_that_cannot_be_written_stop_nothing(cli, tmp_path: Path):
    """A full disk behind the events is said once; the command runs on. A file that cannot be made is a wrong use."""
    shown = cli("run", "--json-events", "/dev/full", "--", "sh", "-c", "exit 3")
    refused = cli("run", "--json-events", str(tmp_path / "no" / "such" / "dir"), "--", "true")

    assert shown.returncode == 3
    assert shown.stderr.count("no further events") == 1
    assert refused.returncode == 2


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)], ids=str)
def test_closed_standard_streams_are_no_trap(closed, tmp_path: Path):
    """C008: with 0, 1 or 2 closed, the command finds the null device there, never a socket or file of ours."""
    listing = tmp_path / "fds"
    script = f"ls -l /proc/self/fd > {shlex.quote(str(listing))}"
    redirections = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in closed)
    line = f'exec "$0" -m procession run -- sh -c {shlex.quote(script)} {redirections}'

    done = subprocess.run(["sh", "-c", line, sys.executable], capture_output=True, stdin=subprocess.DEVNULL)

    assert done.returncode == 0
    targets = [row.split(" -> ")[1] for row in listing.read_text().splitlines() if " -> " in row]
    assert not [each for each in targets if "socket" in each or "anon_inode" in each]
    assert len(targets) <= 4  # 0, 1, 2 and the directory that ls reads


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that is dead and waits to be reaped by its new parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
