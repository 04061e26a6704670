"""What a table shows: chosen and worded without any terminal."""

import io

from rich.console import Console

from procession.cli.picture import Picture, Row, take_picture
from procession.cli.table import draw
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.state import State
from procession.model.view import TaskView


def view(name: str, state: State = State.RUNNING, **fields) -> TaskView:
    """A task as the supervisor would show it."""
    known = {"attempt": 1, "submitted_at": 0.0, "command": "x", "argv": ("x",)}
    return TaskView(id=name, name=name, state=state, **(known | fields))


def test_a_queued_task_says_why_it_waits():
    """The last column is for what one wants to know in that state."""
    failed = Outcome(kind=OutcomeKind.FAILED, message="exited with code 1")
    rows = take_picture(
        [
            view("a", State.QUEUED, waiting="waiting for b"),
            view("b", last_line="half way"),
            view("c", State.ENDED, outcome=failed, last_line="bye"),
            view("d", attempt=2),
        ]
    ).rows

    assert [row.text for row in rows] == ["waiting for b", "half way", "exited with code 1", ""]
    assert [row.word for row in rows] == ["queued", "running", "failed", "running"]
    assert rows[3].name == "d #2"


def test_those_that_run_are_shown_first_and_in_the_order_of_the_file():
    """On a small screen: running, then the latest ends, then the queue."""

    def row(name: str, word: str, began: float | None, ended: float | None) -> Row:
        return Row(name=name, word=word, is_live=word == "running", began_at=began, ended_at=ended, text="")

    picture = Picture(
        (
            row("queued", "queued", None, None),
            row("old", "succeeded", 1.0, 2.0),
            row("new", "succeeded", 1.0, 9.0),
            row("runs", "running", 5.0, None),
        )
    )

    assert [each.name for each in picture.most_telling(1)] == ["runs"]
    assert [each.name for each in picture.most_telling(2)] == ["new", "runs"]
    assert [each.name for each in picture.most_telling(3)] == ["old", "new", "runs"]
    assert len(picture.most_telling(9)) == 4
    assert picture.counted() == "2 succeeded, 1 queued, 1 running"


def test_a_hundred_tasks_fit_on_any_screen():
    """Whatever the size of the screen, what is drawn is no taller and no wider."""
    picture = take_picture([view(f"task-{number}", last_line="x" * 500, started_at=0.0) for number in range(100)])
    for height, width in ((5, 40), (24, 80), (60, 200)):
        drawn = io.StringIO()
        console = Console(file=drawn, width=width, height=height)
        console.print(draw(picture, height, now=10.0, began_at=0.0))

        lines = drawn.getvalue().splitlines()
        assert len(lines) <= height
        assert max(map(len, lines)) <= width
