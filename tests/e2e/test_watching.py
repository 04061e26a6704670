"""How tasks do, as a user of a real daemon sees it."""

import json
import time

BAR = r"""
i=0
while [ $i -lt 40 ]; do
    i=$((i+1))
    printf '\rload: %3d%%|####    | %d/40 [00:01<00:02, 9it/s]' $((i*100/40)) $i
    sleep 0.1
done
sleep 97
"""


def until(look, is_so, seconds: float = 20.0):
    """Look until it is so."""
    deadline = time.monotonic() + seconds
    while not is_so(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    return seen


def test_progress_of_unmodified_output(submit, ok, view):
    """From the log that the task writes, in the table and on the card."""
    submit("--name", "bar", BAR)
    seen = until(lambda: view("bar")["progress"], lambda progress: progress is not None and progress["fraction"] > 0.3)

    assert seen["tool"] == "tqdm"
    assert seen["total"] == 40
    assert "%" in ok("ls", "bar")
    card = ok("show", "bar")
    assert "progress:   " in card
    assert "of 40" in card


def test_a_stall_is_told_and_its_reaction_done(submit, ok, tmp_path, view):
    """Without a sign of life for its threshold; the command gets the event."""
    told = tmp_path / "told"
    submit("--name", "a", "--stall-after", "1s", "--on", f"stalled=run:tee {told}", "exec sleep 97")
    until(lambda: told.exists() and told.read_text(), bool)

    event = json.loads(told.read_text())
    assert (event["event"], event["task"]) == ("stalled", "a")
    assert "sleeping in clock_nanosleep" in event["evidence"]
    assert "stalled" in ok("ls", "a")
    assert view("a")["state"] == "running"
    names = [json.loads(line)["event"] for line in ok("events", "--json", "a").splitlines()]
    assert names.index("stalled") < names.index("reacted")


def test_the_past_survives_the_daemon(submit, ok, kill_daemon, view):
    """Samples are in the store; the next daemon goes on where the last one was killed."""
    submit("--name", "a", "exec sleep 97")
    until(lambda: view("a")["usage"], lambda usage: usage is not None)

    def samples():
        return json.loads(ok("show", "--json", "a"))["usage"]["samples"]

    before = until(samples, bool)
    kill_daemon()
    ok("daemon", "start")
    after = until(samples, lambda seen: len(seen) > len(before))

    assert after[: len(before)] == before
    assert "memory:     " in ok("show", "a")


def test_what_cannot_be_is_refused_before_anything_starts(cli):
    """With what was expected."""
    for words, expected in (
        (["--on", "stald=stop"], "no event"),
        (["--on", "stalled"], "expected EVENT=ACT"),
        (["--on", "stalled=jump"], "cannot be 'jump'"),
        (["--on", "stalled=signal:NOPE"], "NOPE"),
        (["--memory-high", "half"], "expected a size"),
        (["--progress", "(unclosed"], "no regular expression"),
        (["--stall-after", "0"], "above 0, or never"),
    ):
        shown = cli("submit", "--no-start", *words, "--", "true")
        assert shown.returncode == 2, words
        assert expected in shown.stderr, shown.stderr


def test_a_configuration_says_it_for_all(cli, ok, submit, home, view):
    """`[monitor]`, `[groups]` and `[[on]]`; a mistake is refused with its place."""
    home.mkdir(mode=0o700, exist_ok=True)
    config = home / "config.toml"
    config.write_text('[groups.g]\nstall_after = "1s"\n[[on]]\nevent = "stalled"\ndo = "jump"\n')
    refused = cli("daemon", "start")
    assert refused.returncode != 0
    assert "on[0]" in refused.stderr
    config.write_text('[groups.g]\nstall_after = "1s"\n[[on]]\nevent = "stalled"\ndo = "stop"\n')
    submit("--name", "a", "--group", "g", "exec sleep 97")
    until(lambda: view("a"), lambda seen: seen["state"] == "ended")

    assert view("a")["outcome"]["stopped_by"] == "reaction"


def test_a_further_attempt_begins_without_the_progress_of_the_last(submit, view, tmp_path):
    """All attempts print into one log."""
    again = tmp_path / "again"
    submit(
        "--name", "a", "--retries", "1", f"[ -e {again} ] && exec sleep 97; touch {again}; echo 10%; echo 90%; exit 1"
    )
    until(lambda: view("a"), lambda seen: seen["attempt"] == 2 and seen["usage"] is not None)
    time.sleep(1.5)  # as long as a look at the log takes to come

    assert view("a")["progress"] is None


def test_a_reaction_with_a_limit_counts_through_a_killed_daemon(submit, view, kill_daemon, ok):
    """What was done once is not done again by the next daemon."""
    submit("--name", "a", "--stall-after", "1s", "--on", "stalledx1=restart", "exec sleep 97")
    until(lambda: view("a"), lambda seen: seen["attempt"] == 2 and seen["state"] == "running")
    kill_daemon()
    ok("daemon", "start")
    until(lambda: view("a")["health"], lambda health: health is not None and health["liveness"] == "stalled")
    time.sleep(1)

    assert view("a")["attempt"] == 2
