"""The tour with a guide: says how each task is meant to end, runs `procession up examples/tour.toml`, and checks.

    make demo            or:  python examples/demo.py

It ends with 0 when each task ended as announced, every byte was kept, and no process of the tour is left.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TOUR = Path(__file__).resolve().parent / "tour.toml"
MARK = "PROCESSION_TOUR"
LIMIT_S = 60

EXPECTED = {
    "prepare": ("succeeded", "makes photos, a book and a repository to work on"),
    "gzip": ("succeeded", "compresses the book"),
    "gzip-verify": ("succeeded", "the archive is whole"),
    "tar": ("succeeded", "packs the photos"),
    "tar-verify": ("succeeded", "the archive equals the files"),
    "xz": ("succeeded", "compresses the book harder, with Python's own xz"),
    "xz-verify": ("succeeded", "the archive is whole"),
    "hash": ("succeeded", "writes a checksum for every photo into a file of its own"),
    "hash-verify": ("succeeded", "every checksum holds"),
    "clone": ("succeeded", "clones this repository (or a small one, where there is none)"),
    "fsck": ("succeeded", "git finds nothing wrong with the clone"),
    "tests": ("succeeded", "a small pytest suite passes"),
    "train": ("succeeded", "draws a progress bar over and over"),
    "fail": ("failed", "exits with code 1"),
    "after-fail": ("cancelled", "waits for the success of `fail`, which never comes"),
    "get-killed": ("killed", "dies of SIGKILL in the middle of a line"),
    "flaky": ("succeeded", "fails twice; the second retry succeeds"),
    "missing": ("failed_to_start", "there is no such program"),
    "talk": ("timed_out", "never stops talking; SIGTERM after 2 s"),
    "refuse": ("timed_out", "ignores SIGTERM; SIGKILL after a grace of 1 s"),
    "daemonize": ("succeeded", "starts a daemon that would stay for an hour; it must be gone"),
    "tidy": ("succeeded", "removes everything that was made"),
}
EVIDENCE = {
    "fail": lambda outcome: outcome["code"] == 1,
    "get-killed": lambda outcome: outcome["signal"] == signal.SIGKILL,
    "missing": lambda outcome: outcome["error_code"] == "program_not_found",
    "talk": lambda outcome: outcome["signal"] == signal.SIGTERM and not outcome["forced"],
    "refuse": lambda outcome: outcome["signal"] == signal.SIGKILL and outcome["forced"],
}
KEPT = {
    "get-killed.out": lambda text: text.endswith("\nand now into"),
    "train.out": lambda text: text.count("\r") == 180,
    "fail.err": lambda text: "no such photo" in text,
    "refuse.out": lambda text: "not me" in text,
    "flaky.out": lambda text: text == "attempt 1\nattempt 2\nattempt 3\n",
    "daemonize.out": lambda text: "for an hour" in text and "on its way" in text,
}


def main() -> int:
    """Announce, run, check."""
    announce()
    mark = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="procession-tour-") as logs:
        status = run_tour(logs, mark)
        problems = check_logs(Path(logs)) + check_summary(read_summary(Path(logs)), status)
    problems += [f"a process of the tour is left: {each}" for each in end_leftovers(mark)]
    problems += ["examples/tour/work is left"] if (TOUR.parent / "tour" / "work").exists() else []
    for problem in problems:
        print(f"demo: {problem}", file=sys.stderr)
    print("\nNot everything went as announced." if problems else "\nEach task ended as announced; nothing is left.")
    return 1 if problems else 0


def announce() -> None:
    """Say beforehand how each task is meant to end, and why."""
    print(f"{len(EXPECTED)} programs side by side. This is how each is meant to end:\n")
    for name, (kind, why) in EXPECTED.items():
        print(f"  {name:<12} {kind.replace('_', ' '):<16} {why}")
    print("\n$ procession up examples/tour.toml\n", flush=True)


def run_tour(logs: str, mark: str) -> int:
    """Run the command line as a user would; `python3` is the interpreter that runs this."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = os.environ | {"PATH": path, MARK: mark}
    command = [sys.executable, "-m", "procession", "up", str(TOUR), "--logs", logs]
    try:
        return subprocess.run(command, env=environment, timeout=LIMIT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return -1


def read_summary(logs: Path) -> dict[str, dict]:
    """Give the tasks by name, as `up` left them in its directory."""
    try:
        return {task["name"]: task for task in json.loads((logs / "summary.json").read_text())["tasks"]}
    except FileNotFoundError:
        return {}


def check_summary(tasks: dict[str, dict], status: int) -> list[str]:
    """Compare what happened with what was announced."""
    problems = [] if status == 1 else [f"`procession up` ended with {status}; as some tasks fail, 1 was expected"]
    if tasks.keys() != EXPECTED.keys():
        return [*problems, f"announced and run are not the same: {sorted(tasks.keys() ^ EXPECTED.keys())}"]
    print("\n  task         expected         actual")
    for name, (kind, _) in EXPECTED.items():
        outcome = tasks[name]["outcome"]
        ok = outcome["kind"] == kind and EVIDENCE.get(name, lambda _: True)(outcome)
        print(f"{' ' if ok else '!'} {name:<12} {kind.replace('_', ' '):<16} {outcome['kind'].replace('_', ' ')}")
        problems += [] if ok else [f"{name} was to end as {kind}, and: {outcome}"]
    return problems


def check_logs(logs: Path) -> list[str]:
    """Look whether what the tasks printed was kept, to the last byte."""
    kept = {name: (logs / name).read_bytes().decode() if (logs / name).exists() else "" for name in KEPT}
    wrong = [name for name, is_right in KEPT.items() if not is_right(kept[name])]
    return [f"{name} is not what its task printed: {kept[name]!r}" for name in wrong]


def end_leftovers(mark: str) -> list[str]:
    """Find what still runs with our mark in its environment, and end it."""
    left = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            if f"{MARK}={mark}".encode() not in (directory / "environ").read_bytes().split(b"\0"):
                continue
            left.append(f"{directory.name} {(directory / 'cmdline').read_bytes().replace(bytes(1), b' ').decode()}")
            os.kill(int(directory.name), signal.SIGKILL)
        except OSError:  # another user's, or gone meanwhile
            continue
    return left


if __name__ == "__main__":
    sys.exit(main())
