"""How a further attempt begins: from the newest checkpoint that can be resumed, or as the task says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import InvalidTask
from procession.model.checkpoint import Checkpoint
from procession.model.progress import Progress
from procession.model.resume_template import PLACEHOLDERS, Unfillable, check_resume_command, fill
from procession.model.task import task
from procession.policy.resuming import Anew, Ask, GiveUp, GoOn, next_attempt, resumable

TRAIN = task(["train"], resume_command=("train", "--from={checkpoint}", "{session}", "{attempt}", "{progress}"))


def saved(number=1, can_resume=True, **fields):
    """A checkpoint of that number."""
    given = {"session": "s1", "saved": f"/c{number}", "progress": Progress(source="report", fraction=0.4)} | fields
    return Checkpoint(
        task="train", number=number, attempt=1, at=1.0, by="task", can_resume=can_resume, reason="so", **given
    )


def test_it_goes_on_from_the_newest_that_can_be_resumed():
    """Each placeholder is filled in its own argument; the newer one that cannot be resumed is passed over."""
    following = next_attempt(TRAIN, [saved(3, can_resume=False), saved(2), saved(1)], 4)

    assert following == GoOn(("train", "--from=/c2", "s1", "4", "40"), saved(2))


@pytest.mark.parametrize(("without", "kind"), [("retry", Anew), ("ask", Ask), ("fail", GiveUp)])
def test_without_one_it_does_as_the_task_says(without, kind):
    """And the reason is that of the newest that could not be."""
    asked = task(["train"], resume_command=("train", "{checkpoint}"), without_checkpoint=without)

    assert next_attempt(asked, [], 2) == kind("nothing was saved yet")
    assert next_attempt(asked, [saved(saved=None)], 2) == kind("there is no checkpoint")


def test_the_command_of_a_checkpoint_is_used_where_the_task_has_none():
    """Then it is the client's own, made when its session was known."""
    own = ("codex", "resume", "s1")

    assert next_attempt(task(["codex"]), [saved(resume_command=own)], 2) == GoOn(own, saved(resume_command=own))
    assert resumable(task(["codex"]), saved(), own) == (True, "its client keeps the session", own)
    assert resumable(task(["train"]), saved()) == (False, "the task has no resume_command", None)


@pytest.mark.parametrize("hostile", ["-rf", "--help", "a\0b"])
def test_what_a_task_says_never_becomes_an_option(hostile):
    """An argument that is a placeholder alone takes no value that begins with a dash, or holds a NUL."""
    with pytest.raises(Unfillable):
        fill(("train", "{checkpoint}"), {"checkpoint": hostile})


@given(st.dictionaries(st.sampled_from(PLACEHOLDERS), st.text(st.characters(exclude_characters="\0-"))))
def test_a_value_stays_one_argument(values):
    """Whatever is in it: spaces, quotes, braces, other placeholders."""
    template = ("run", *(f"x{{{name}}}" for name in values))

    assert fill(template, values) == ("run", *(f"x{value}" for value in values.values()))


@pytest.mark.parametrize("template", [("go", "{0}"), ("go", "{x!r}"), ("go", "{session:>9}"), ("go", "}"), "go", ()])
def test_templates_that_can_never_be_filled(template):
    """They are refused before anything is accepted."""
    with pytest.raises(InvalidTask):
        check_resume_command(template)
