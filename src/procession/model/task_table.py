"""One ``[tasks.NAME]`` table as a Task. Problems are reported, all of them, by place; nothing is raised."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from procession.errors import InvalidCommand, InvalidTask
from procession.model import field_readers as fields
from procession.model import stream_readers as streams
from procession.model.checkpoint_readers import read_checkpointing
from procession.model.checkpointing import WITHOUT_CHECKPOINT
from procession.model.command import Command, shell
from procession.model.monitoring import settings
from procession.model.monitoring_readers import KEYS as MONITORING_KEYS
from procession.model.need import need
from procession.model.pool_readers import NEED_KEYS, named
from procession.model.readiness_readers import read_completion, read_readiness
from procession.model.resume_template import located
from procession.model.stdio import File, Log
from procession.model.task import RESTARTS, Task
from procession.model.toml_lines import Place

Report = Callable[[Place, str, str], None]
Reader = fields.Reader

_COMMAND_KEYS: Final[dict[str, tuple[str, Reader]]] = {
    "cwd": ("cwd", fields.read_text),
    "env": ("env", fields.read_environment),
    "clean_env": ("clean_env", fields.read_flag),
    "secrets": ("secrets", fields.read_names),
    "stdin": ("stdin", streams.read_stdin),
    "stdout": ("stdout", streams.read_stdout),
    "stderr": ("stderr", streams.read_stderr),
    "limits": ("limits", fields.read_limits),
    "timeout": ("timeout_s", fields.read_timeout),
    "grace": ("grace_s", fields.read_grace),
    "output_limit": ("output_limit_bytes", fields.read_size),
    "descendants": ("descendants", fields.read_one_of("end", "keep")),
    "channel": ("channel", fields.read_flag),
    "message_limit": ("message_limit_bytes", fields.read_size),
    "watchdog": ("watchdog_s", fields.read_duration),
}
_TASK_KEYS: Final[dict[str, tuple[str, Reader]]] = {
    "after": ("after", fields.read_dependencies),
    "retries": ("retries", fields.read_count),
    "retry_delay": ("retry_delay_s", fields.read_duration),
    "priority": ("priority", fields.read_integer),
    "group": ("group", fields.read_text),
    "delay": ("delay_s", fields.read_duration),
    "labels": ("labels", fields.read_labels),
    "restart": ("restart", fields.read_one_of(*RESTARTS)),
    "checkpoint": ("checkpoint", read_checkpointing),
    "resume_command": ("resume_command", fields.read_words),
    "agent": ("agent", fields.read_text),
    "without_checkpoint": ("without_checkpoint", fields.read_one_of(*WITHOUT_CHECKPOINT)),
    "ready": ("ready", read_readiness),
    "ready_timeout": ("ready_timeout_s", fields.read_duration),
    "done_when": ("done_when", read_completion),
}
_OF_NEED: Final[dict[str, tuple[str, Reader]]] = {
    **NEED_KEYS,
    "class": ("kind", fields.read_text),
    "protect": ("protect", fields.read_flag),
    "contain": ("contain", fields.read_flag),
}
_WHAT: Final[dict[str, tuple[str, Reader]]] = {
    "command": ("argv", fields.read_words),
    "shell": ("argv", fields.read_text),
}
_KEYS: Final = _WHAT | _COMMAND_KEYS | _TASK_KEYS | _OF_NEED | MONITORING_KEYS


def read_task(name: str, table: object, directory: str, report: Report) -> Task | None:
    """Read ``[tasks.NAME]`` of a file in ``directory``; None when anything of it was reported."""
    place: Place = ("tasks", name)
    if not isinstance(table, dict):
        report(place, "expected a table", f"write [tasks.{name}]")
        return None
    problems: list[Place] = []

    def note(where: Place, expected: str, hint: str = "") -> None:
        problems.append(where)
        report(where, expected, hint)

    values = read_keys(table, _KEYS, place, note)
    if not problems and len(table.keys() & _WHAT.keys()) != 1:
        note((*place, "shell") if "shell" in table else place, "expected either command or shell")
    if problems:
        return None
    try:
        return _make(name, values, directory)
    except (InvalidCommand, InvalidTask) as error:
        note(_blamed(error.field, place, table), error.message.partition(": ")[2], error.hint)
        return None


def read_keys(
    table: dict[str, Any], known: Mapping[str, tuple[str, Reader]], place: Place, report: Report
) -> dict[str, Any]:
    """Read every key of ``table`` by its reader; report the unknown and the unfit."""
    values = {}
    for key, value in table.items():
        if key not in known:
            report((*place, key), f"unknown key; {suggest(key, known)}", "")
            continue
        try:
            values[key] = known[key][1](value)
        except fields.Misfit as misfit:
            report((*place, key, *misfit.inside), misfit.expected, misfit.hint)
    return values


def suggest(word: str, known: Iterable[str]) -> str:
    """Offer the close match of a word that is not known, or all there are."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(sorted(words))}"


def _make(name: str, values: dict[str, Any], directory: str) -> Task:
    made = _command(values, directory)
    given = {field: values[key] for key, (field, _) in _TASK_KEYS.items() if key in values}
    monitoring = settings(**{field: values[key] for key, (field, _) in MONITORING_KEYS.items() if key in values})
    if "resume_command" in given:
        given["resume_command"] = located(given["resume_command"], directory)
    if (how := given.get("checkpoint")) is not None and how.command is not None:
        given["checkpoint"] = replace(how, command=_located(how.command, directory))
    given["need"] = need(**named(values, NEED_KEYS))
    rest = {field: values[key] for key, (field, _) in _OF_NEED.items() if key in values and key not in NEED_KEYS}
    return Task(name=name, command=made, monitoring=monitoring, **rest, **given)


def _command(values: dict[str, Any], directory: str) -> Command:
    base = shell(values["shell"]) if "shell" in values else Command(argv=_located(values["command"], directory))
    changes = {field: values[key] for key, (field, _) in _COMMAND_KEYS.items() if key in values}
    changes["cwd"] = _join(directory, changes["cwd"]) if "cwd" in changes else directory or None
    for stream in ("stdin", "stdout", "stderr"):
        if stream in changes:
            changes[stream] = _placed(changes[stream], directory, values.get("output_limit"))
    return base.replace(**changes)


def _located(argv: tuple[str, ...], directory: str) -> tuple[str, ...]:
    """A program given by a relative path is found beside the file, like every other path in it."""
    if argv and "/" in argv[0]:
        return (_join(directory, argv[0]), *argv[1:])
    return argv


def _placed(stream: Any, directory: str, limit_bytes: int | None) -> Any:
    if isinstance(stream, Log) and stream.limit_bytes is None:
        stream = replace(stream, limit_bytes=limit_bytes)
    if isinstance(stream, (File, Log)):
        return replace(stream, path=_join(directory, stream.path))
    return stream


def _join(directory: str, path: str) -> str:
    return os.path.join(directory, path)


def _blamed(field: str, place: Place, table: dict[str, Any]) -> Place:
    """Give the place in the file for a field of a Command or Task."""
    word = field.partition("[")[0].partition(".")[0]
    if word in {"argv", "command", "script"}:
        word = "shell" if "shell" in table else "command"
    for key, (name, _) in _KEYS.items():
        if name == word and key in table and key not in _WHAT:
            word = key
    return (*place, word) if word in table else place
