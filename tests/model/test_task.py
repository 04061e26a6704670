"""Tasks as values, and how they are shown."""

import itertools
import json

import msgspec
import pytest

from procession.errors import InvalidCommand, InvalidTask
from procession.model.circle import find_circle
from procession.model.command import command
from procession.model.event import Ended, Exited, Started
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.task import Dependency, Task, task
from procession.model.text import encodable, printable
from procession.model.view import view_of

REQUIRED = {"id", "name", "state", "attempt", "pid", "started_at", "ended_at", "command", "cwd", "outcome"}


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x" * 200, "-rf", ".", "..", "a b", "a\n", "é", "a..b", 7, b"a"])
def test_hostile_names_are_refused(name):
    """No name leads out of a directory, hides as an option or breaks a line (C116)."""
    with pytest.raises(InvalidTask):
        task(["true"], name=name)
    with pytest.raises(InvalidTask):
        Dependency(name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("retries", -1),
        ("retries", True),
        ("retries", 1.5),
        ("priority", "high"),
        ("retry_delay_s", -1),
        ("retry_delay_s", float("nan")),
        ("retry_delay_s", float("inf")),
        ("retry_factor", 0.5),
        ("retry_jitter", 1.5),
        ("group", "../x"),
        ("delay_s", -1),
        ("delay_s", float("inf")),
        ("labels", ["x"]),
        ("labels", {"../x": "y"}),
        ("restart", "always"),
        ("after", [7]),
        ("retrys", 1),
    ],
)
def test_bad_fields_are_named(field, value):
    """A field that cannot be is refused by its name (C002)."""
    with pytest.raises(InvalidTask) as caught:
        task(["true"], **{field: value})

    assert caught.value.field == field


def test_a_condition_that_is_none():
    """There are four conditions."""
    with pytest.raises(InvalidTask, match="started, ready, succeeded, ended"):
        Dependency("a", "done")


def test_ways_to_make_a_task():
    """A list, a command and another task all make one; names in ``after`` mean success."""
    made = task(["sleep", "1"], name="a", after=["b", Dependency("c", "ended")])

    assert made == Task(command=command(["sleep", "1"]), name="a", after=(Dependency("b"), Dependency("c", "ended")))
    assert task(made.command).command == made.command
    assert task(made, retries=3).retries == 3
    assert task(made, after="b").after == (Dependency("b"),)
    with pytest.raises(InvalidCommand):
        task("sleep 1")
    with pytest.raises(InvalidTask):
        Task(command=["sleep"])


def test_a_view_has_every_key():
    """What is shown has all keys at all times, null where nothing is known."""
    shown = view_of(task(["true"]), "t1", "/", 1.0).as_dict()

    assert shown.keys() >= REQUIRED
    assert shown["name"] == "t1"
    assert shown["outcome"] is None


def test_an_outcome_has_every_key():
    """Code and signal are there even when they are null."""
    event = Ended(at=1.0, outcome=Outcome(kind=OutcomeKind.KILLED, signal=9)).of("t1", 2).as_dict()

    assert list(event)[:4] == ["event", "at", "task", "attempt"]
    assert event["outcome"].keys() >= {"kind", "code", "signal", "message"}
    assert event["outcome"]["code"] is None
    assert Exited(at=1.0, signal=9).as_dict()["code"] is None


def test_undecodable_arguments_can_be_shown():
    """Arguments that are no UTF-8 become text that every JSON encoder takes."""
    shown = view_of(task([b"echo", b"\xff\n"]), "t1", b"/\xfe".decode(errors="surrogateescape"), 1.0).as_dict()

    assert json.loads(msgspec.json.encode(shown)) == shown
    assert shown["argv"] == ["echo", "\\udcff\n"]


def test_the_environment_is_not_shown():
    """No value of the environment is part of what is shown (C113)."""
    given = task(command(["x"]).replace(env={"TOKEN": "hunter2"}, secrets=("TOKEN",)))

    assert "hunter2" not in str(view_of(given, "t1", "/", 1.0).as_dict())


def test_printable_text():
    """Escape sequences, control characters and lone surrogates are written out (C118)."""
    assert printable("a\x1b[31m\n\udcff é") == "a\\x1b[31m\\n\\udcff é"
    assert encodable({"a": ("\udcff", 1)}) == {"a": ["\\udcff", 1]}


def test_events_know_their_task():
    """An event about a process becomes one about a task."""
    event = Started(at=1.0, pid=3).of("t1", 2)

    assert (event.task, event.attempt, event.pid, event.name) == ("t1", 2, 3, "started")


def test_circles():
    """A circle is found in the order in which its members wait; strangers do not matter."""
    assert find_circle({"a": ["b"], "b": ["c"], "c": []}) == ()
    assert find_circle({"a": ["a"]}) == ("a", "a")
    circle = find_circle({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]})
    assert len(circle) == 4
    assert {"ab", "bc", "ca"} == {one + other for one, other in itertools.pairwise(circle)}
