"""Selections: ids, names, globs, groups, all."""

import pytest

from procession.errors import UnknownTask, UsageError
from procession.model.command import command
from procession.model.selection import Selection, select
from procession.model.task import task
from procession.model.view import view_of

VIEWS = [
    view_of(task(command(["true"]), name=name, group=group), name, "/", 1.0)
    for name, group in (("build", "ci"), ("test-1", "ci"), ("test-2", None))
]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(words=("build",)), ["build"]),
        (Selection(words=("test-*", "build")), ["build", "test-1", "test-2"]),
        (Selection(words=("test-[2-9]",)), ["test-2"]),
        (Selection(groups=("ci",)), ["build", "test-1"]),
        (Selection(words=("test-2",), groups=("ci",)), ["build", "test-1", "test-2"]),
        (Selection(all=True), ["build", "test-1", "test-2"]),
    ],
)
def test_what_is_selected(selection, expected):
    """Each task that a word or a group names is there once, in the order of the tasks."""
    assert [each.id for each in select(selection, VIEWS)] == expected


@pytest.mark.parametrize("selection", [Selection(words=("bild",)), Selection(words=("x*",)), Selection(groups=("x",))])
def test_what_names_nothing(selection):
    """A word, a glob or a group that names nothing is an error, with a close match where there is one."""
    with pytest.raises(UnknownTask) as caught:
        select(selection, VIEWS)
    assert caught.value.hint == ("did you mean 'build'?" if selection.words == ("bild",) else "")


def test_nothing_asked_for():
    """An empty selection is no selection of everything."""
    with pytest.raises(UsageError):
        select(Selection(), VIEWS)


def test_all_of_nothing():
    """All of no tasks is none, and no error."""
    assert select(Selection(all=True), []) == []
