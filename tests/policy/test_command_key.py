"""Under which key a run is remembered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.policy.command_key import LONGEST, key_of


@pytest.mark.parametrize(
    ("argv", "key"),
    [
        (["/usr/bin/true"], "true"),
        (["python3.11", "train.py", "--epochs", "3"], "python train.py"),
        (["/opt/py/bin/python3", "-u", "/data/run-17/train.py", "resume"], "python train.py resume"),
        (["python", "-m", "pytest", "tests/a.py"], "python -m pytest"),
        (["python", "-X", "dev", "job_20260101.py"], "python job_#.py"),
        (["java", "-Xmx2g", "-jar", "/srv/tool-1.2.3.jar"], "java -jar tool-#.jar"),
        (["git", "gc", "--aggressive"], "git gc"),
        (["git", "-C", "/x", "gc"], "git"),
        (["cargo", "build", "--release"], "cargo build"),
        (["npm", "run", "build"], "npm run build"),
        (["make", "-j4", "all"], "make"),
        (["convert", "photo-12.png", "out.png"], "convert"),
        (["worker", "shard12"], "worker shard#"),
        (["env", "A=1", "nice", "-n", "5", "timeout", "-k", "1", "30", "cargo", "test"], "cargo test"),
        (["nice"], "nice"),
        (["env"], "env"),
        ([], ""),
    ],
)
def test_keys(argv, key):
    """Program, script and leading words count; paths, versions, numbers and options do not."""
    assert key_of(argv) == key


def test_inline_code():
    """Code on the command line is known by what it says, whatever numbers are in it."""
    one, two, other = (key_of(["sh", "-c", code]) for code in ("sleep 1", "sleep 25", "exit 1"))

    assert one == two != other
    assert one.startswith("sh -c ")


def test_a_declared_class_is_part_of_the_key():
    """The same command in another class is another kind of run."""
    assert key_of(["make"], "nightly") == "class nightly"


@given(st.lists(st.text(max_size=300), max_size=20), st.none() | st.text(max_size=300))
def test_whatever_the_command_the_key_is_short(argv, declared):
    """No command makes it fail, nor a key longer than it may be; the same command has the same key."""
    key = key_of(argv, declared)

    assert len(key) <= LONGEST
    assert key == key_of(argv, declared)
