"""The examples are run as a reader would run them."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run.py", ["as it was given: <two words; $(date) *>", "words: 4", "slow: timed_out", "did you mean"]),
        ("spawn_lines.py", ["stdout: out 3", "stderr: err 3", "answer: LOUDER, PLEASE", "left: 0"]),
        ("pool.py", ["item 3 -> exited with code 1", "item 5 -> exited with code 0", "one for itself", "sum: 110"]),
        ("many.py", ["report       succeeded", "flaky        failed     attempt 3", "after-flaky  cancelled"]),
    ],
)
def test_an_example_says_what_it_shows(name, words):
    """Each library example ends well and prints what its text promises."""
    shown = subprocess.run([sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, timeout=30)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert [each for each in words if each not in shown.stdout] == []


def test_four_programs_talk():
    """The four programs of "Talk to your task" say what the page promises, and stand there as they are."""
    argv = [sys.executable, EXAMPLES / "talking" / "host.py"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=os.environ | {"PATH": path})
    page = (EXAMPLES.parent / "docs" / "guide" / "talking.md").read_text()

    assert (told.returncode, told.stderr) == (0, "")
    for said in (
        "python: {'words': 5} {'words so far': 5}",
        "node: {'reversed': 'desserts'} warts",
        "X_PROGRESS=1",
        "STATUS=two loaves",
        "shell: done, {'loaves': 2}",
        "service: serving",
        "service: closing the books",
    ):
        assert said in told.stdout
    for program in (EXAMPLES / "talking").glob("*.*"):
        assert program.read_text().rstrip() in page


@pytest.mark.parametrize("place", ["in a clone", "without a repository"])
def test_the_tour_ends_as_announced(tmp_path: Path, place):
    """The demo exits 0: each task ended as it was meant to, nothing is left, within its time; from anywhere."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("work", "__pycache__"))
    if place == "in a clone":
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"]
        for step in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
            subprocess.run(["git", *identity, *step], cwd=tmp_path, check=True)
    before = sorted(tmp_path.rglob("*"))

    demo = [sys.executable, str(tmp_path / "examples" / "demo.py")]
    shown = subprocess.run(demo, cwd="/", capture_output=True, text=True, timeout=90)

    assert shown.returncode == 0, shown.stdout[-3000:] + shown.stderr
    assert "Each task ended as announced; nothing is left." in shown.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_the_demo_notices_what_did_not_end_as_announced(tmp_path: Path):
    """A tour in which one task ends otherwise is no success."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("work", "__pycache__"))
    (tmp_path / "examples" / "tour" / "fail.py").write_text("print('all is well')\n")

    demo = [sys.executable, str(tmp_path / "examples" / "demo.py")]
    shown = subprocess.run(demo, capture_output=True, text=True, timeout=90)

    assert shown.returncode == 1
    assert "fail was to end as failed" in shown.stderr


def test_the_tour_has_a_dozen_real_jobs_and_the_demo_knows_them_all():
    """The announcements and the task file name the same tasks."""
    tasks = tomllib.loads((EXAMPLES / "tour.toml").read_text())["tasks"]
    announced = re.findall(r'^    "([a-z-]+)": \("', (EXAMPLES / "demo.py").read_text(), re.MULTILINE)

    assert len(tasks) >= 12
    assert announced == list(tasks)


def test_the_tour_needs_no_setting_of_the_user(tmp_path: Path):
    """A home with a hostile git configuration changes nothing."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text("[core]\n\thooksPath = /no/such\n[init\n")
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("work", "__pycache__"))
    environment = os.environ | {"HOME": str(tmp_path / "home")}

    demo = [sys.executable, str(tmp_path / "examples" / "demo.py")]

    assert subprocess.run(demo, env=environment, capture_output=True, timeout=90).returncode == 0


@pytest.mark.root
def test_the_tour_clones_a_repository_of_another_user(tmp_path: Path):
    """A clone that somebody else owns, as in many containers, is cloned all the same."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("work", "__pycache__"))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["chown", "-R", "1234:1234", str(tmp_path)], check=True)

    demo = [sys.executable, str(tmp_path / "examples" / "demo.py")]
    shown = subprocess.run(demo, capture_output=True, text=True, timeout=90)

    assert shown.returncode == 0, shown.stderr
