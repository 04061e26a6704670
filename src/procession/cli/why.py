"""`procession why`: why a task waits, or why it was let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon, json_option
from procession.cli.selecting import select_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from procession.model.why import Why

EPILOG = """\b
Examples:
  procession why train
  procession why --group nightly
  procession why --json train | jq -r .reason

\b
Exit status: 0; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("why", epilog=EPILOG, short_help="Say why tasks wait, or run.")
@json_option
@select_options
def why_verb(*, words: tuple[str, ...], select: dict[str, Any], as_json: bool) -> int:
    """Say why each task waits, or why it was let in, and what it is expected to take."""
    with ask_daemon() as client:
        answers = [client.why(view.id) for view in client.list(*words, **select)]
    if as_json:
        _print_json(answers)
    else:
        print("\n".join(_card(each) for each in answers), end="")
    return 0


def _print_json(answers: list[Why]) -> None:
    """One object per line."""
    import msgspec

    from procession.cli.telling import print_json

    for each in answers:
        print_json(msgspec.to_builtins(each))


def _card(why: Why) -> str:
    from procession.cli.text import show_safely

    return "".join(f"{name + ':':<10} {show_safely(value)}\n" for name, value in _facts(why) if value)


def _facts(why: Why) -> Iterator[tuple[str, str]]:
    yield "task", why.task
    yield "state", why.state.value
    yield "why", why.reason.removeprefix("waiting: ")
    yield "place", "" if why.position is None else f"{why.position} of those that could start"
    yield "expected", why.expected
    yield "like", why.key
    yield "has", ", ".join(f"{name} {', '.join(map(str, numbers))}" for name, numbers in why.slots.items())
