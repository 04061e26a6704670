"""`procession.child` as the child of a Node.js parent, who knows nothing of us."""

import json
import os
import subprocess

import pytest


@pytest.fixture
def play(children, python):
    """Give the way to play a scene between a Node parent and a Python child; it gives what the parent tells."""

    def play(scene: str, **environment: str):
        argv = ["node", children / "parent_of_python.mjs", children / "speaks_as_a_child.py", scene, python]
        played = subprocess.run(argv, capture_output=True, text=True, timeout=40, env=os.environ | environment)
        return (json.loads(played.stdout) if played.stdout else None), played

    return play


def test_ten_thousand_messages_each_way(play):
    """C066: ten thousand messages to a Python child and back, equal and in order; disconnect and exit code are seen."""
    told, _ = play("many")

    assert told == {"scene": "many", "disconnected": True, "code": 0, "signal": None, "heard": 10_001}


def test_a_large_message_each_way(play):
    """Ten mebibytes there and back."""
    told, _ = play("large")

    assert (told["size"], told["code"]) == (10 << 20, 0)


def test_early_messages_wait(play):
    """C075: what came before anybody listened is given out in order."""
    told, _ = play("early")

    assert (told["heard"], told["code"]) == (list(range(10)), 0)


def test_questions_both_ways(play):
    """The parent is answered, and so are ten threads that ask at once."""
    told, played = play("asks")

    assert (told["answer"], told["code"]) == (42, 0), played.stderr


def test_handles_both_ways(play):
    """C074: a socket arrives open and close-on-exec, another is taken by Node, and what follows is not held up."""
    told, played = play("handles")

    assert told["code"] == 0, played.stderr
    assert (told["fromChild"], told["read"], told["after"]) == ("python was here", "node was here", True)


def test_the_child_disconnects(play):
    """C066: the parent sees the disconnect, and the exit code as it is."""
    told, _ = play("leaves")

    assert (told["disconnected"], told["code"], told["heard"]) == (True, 5, ["bye"])


def test_the_child_crashes(play):
    """A child that is killed looks to Node like any other."""
    told, _ = play("crashes")

    assert (told["disconnected"], told["signal"]) == (True, "SIGKILL")


def test_the_parent_crashes(play, tmp_path, wait_file):
    """The messages end when the parent is killed; the child goes on to its own end."""
    said = tmp_path / "said"
    play("dies", SAYS_SO=str(said))

    assert wait_file(said) == "outlived"


def test_advanced_serialization_is_refused(play):
    """C066: a channel in Node's own binary language is refused with a sentence and exit code 1."""
    told, played = play("advanced")

    assert (told["disconnected"], told["code"]) == (True, 1)
    assert "the channel is in mode 'advanced'; fork with 'json'" in played.stderr


def test_what_it_starts_cannot_speak_for_it(play):
    """C067: neither variables nor descriptor reach a grandchild, and its life does not keep the channel open."""
    told, _ = play("inherits")
    _, probe, sleeper = told["heard"]
    os.kill(sleeper, 9)

    assert probe.startswith("[] ['0', '1', '2', '3']")
    assert told["disconnected"]


def test_a_forked_copy_says_nothing(play):
    """After a fork only the original speaks."""
    told, played = play("forks")

    assert (told["heard"], told["code"]) == (["original", "original again"], 0), played.stderr


def test_all_is_written_before_it_ends(play):
    """What was sent just before the end arrives whole, however large."""
    told, _ = play("large_at_exit")

    assert told["heard"] == [8 << 20]
