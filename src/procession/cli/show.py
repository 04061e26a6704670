"""`procession show`: everything about tasks, each on a card."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon, json_option
from procession.cli.selecting import select_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from procession.client.answers import Details
    from procession.model.checkpoint import Checkpoint
    from procession.model.usage import UsageHistory
    from procession.model.view import TaskView

EPILOG = """\b
Examples:
  procession show train
  procession show --json train | jq .attempts

\b
Exit status: 0; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("show", epilog=EPILOG, short_help="Show everything about tasks.")
@click.option("--pss", is_flag=True, help="Look, too, at how its memory is shared; slow.")
@json_option
@select_options
def show_verb(*, words: tuple[str, ...], select: dict[str, Any], pss: bool, as_json: bool) -> int:
    """Show everything about each task: how it stands and why, what it runs, its times, its logs."""
    with ask_daemon() as client:
        ids = [view.id for view in client.list(*words, **select)]
        cards = [(client.show(id_), client.usage(id_, pss=pss), client.checkpoints(id_)[:1]) for id_ in ids]
    if as_json:
        _print_json(cards)
    else:
        print("\n".join(_card(*each) for each in cards), end="")
    return 0


def _print_json(cards: list[tuple[Details, UsageHistory, list[Checkpoint]]]) -> None:
    """One object per line."""
    import msgspec

    from procession.cli.telling import print_json

    for card, used, saved in cards:
        beside = {"task": card.task.as_dict(), "usage": msgspec.to_builtins(used)}
        print_json(
            msgspec.to_builtins(card) | beside | {"checkpoint": msgspec.to_builtins(saved[0]) if saved else None}
        )


def _card(card: Details, used: UsageHistory, saved: list[Checkpoint]) -> str:
    from procession.cli.text import show_safely

    lines = [f"{name + ':':<11} {show_safely(value)}" for name, value in _facts(card, used, saved) if value]
    return "".join(f"{line}\n" for line in lines)


def _facts(card: Details, used: UsageHistory, saved: list[Checkpoint]) -> Iterator[tuple[str, str]]:
    from procession.cli.condition import condition_of
    from procession.cli.telling import describe
    from procession.model.units import format_size

    task = card.task
    yield "task", task.id if task.name == task.id else f"{task.id} ({task.name})"
    yield "state", describe(task)
    yield "command", task.command
    yield "directory", task.cwd or ""
    yield "group", task.group or ""
    yield "labels", ", ".join(f"{name}={value}" for name, value in task.labels.items())
    yield "after", ", ".join(f"{each.task} ({each.condition})" for each in task.after)
    yield "priority", str(task.priority or "")
    orphaned = " (its keeper is gone: it runs on, and can be ended)" if task.orphaned and not task.is_over else ""
    yield "process", "" if task.pid is None else f"{task.pid}{orphaned}"
    yield "says", _said(task)
    yield from condition_of(task, used)
    yield from _times(task)
    yield "attempts", f"{task.attempt} of at most {max(task.retries + 1, task.attempt)}"
    yield "evidence", _evidence(task)
    for each in saved:
        yield from _saved(each)
    for stream, place in card.logs.items():
        yield stream, f"{place.path} ({format_size(place.size_bytes)})"
    yield "last line", task.last_line or ""


def _saved(checkpoint: Checkpoint) -> Iterator[tuple[str, str]]:
    """Give what it has saved last, and the command that goes on from there."""
    from procession.cli.checkpoint_text import command_of, describe_checkpoint, moment_of

    yield "saved", f"{describe_checkpoint(checkpoint)}, {moment_of(checkpoint)}"
    yield "goes on by", command_of(checkpoint) if checkpoint.can_resume else f"nothing: {checkpoint.reason}"


def _said(task: TaskView) -> str:
    """Give what its present attempt says of itself."""
    checkpoint = task.checkpoint and f"checkpoint {task.checkpoint}"
    words = ("ready" if task.ready else "", task.status, checkpoint)
    return ", ".join(word for word in words if word)


def _times(task: TaskView) -> Iterator[tuple[str, str]]:
    from procession.cli.summary import lasted_s
    from procession.model.units import format_duration

    for name, at in (("submitted", task.submitted_at), ("started", task.started_at), ("ended", task.ended_at)):
        yield name, "" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    lasted = lasted_s(task, time.time())
    yield "lasted", "" if lasted is None else format_duration(lasted)


def _evidence(task: TaskView) -> str:
    from procession.model.units import format_duration, format_size

    outcome = task.outcome
    if outcome is None:
        return ""
    facts = [outcome.kind.value.replace("_", " ")]
    facts += [] if outcome.code is None else [f"code {outcome.code}"]
    facts += [] if outcome.signal is None else [outcome.signal_name or f"signal {outcome.signal}"]
    facts += [f"by wish of {outcome.stopped_by}"] if outcome.stopped_by else []
    facts += [word for word, is_so in _marks(task).items() if is_so]
    if usage := outcome.usage:
        facts.append(f"{format_duration(usage.user_s + usage.system_s)} of processor time")
        facts += [] if usage.max_rss_bytes is None else [f"at most {format_size(usage.max_rss_bytes)} of memory"]
    return ", ".join(facts)


def _marks(task: TaskView) -> dict[str, bool]:
    outcome = task.outcome
    assert outcome is not None
    return {
        "forced": outcome.forced,
        "core dumped": outcome.core_dumped,
        "an output was left open": outcome.leaked,
        f"not ended: {', '.join(map(str, outcome.survivors))}": bool(outcome.survivors),
    }
