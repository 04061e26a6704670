"""The TOML form of many tasks: text in, values out. A file with any problem is refused whole.

    [pool]
    hard_limit = 4
    [monitor]                                      # for all tasks; [groups.NAME] the same for those of a group
    stall_after = "10m"
    [[on]]
    event = "stalled"
    do = "run:notify-send 'a task stalled'"
    [tasks.thumbnails]
    command = ["python", "thumbs.py", "photos/"]   # or a text, split like a shell would; or shell = "a | b"
    after = ["download"]                           # or [{ task = "download", condition = "ended" }]
    timeout = "30m"
    stdout = "thumbs.log"                          # a log; or pipe (the default), null, inherit, pty; stderr: merged

**Every relative path in the file is relative to the file's directory** (cwd, streams, a program with a ``/``), and a
task without ``cwd`` runs there: a file means the same wherever one stands, as with compose files. One rule for all of
them, so a log does not move when a task's ``cwd`` does.

Not here: whether programs and directories exist. That is a fact about the moment a task starts (another task may make
them), and missing ones end their task as *failed_to_start*. Reading the file from disk is the caller's, too.
"""

from __future__ import annotations

import os
import tomllib
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from procession.errors import InvalidTask, InvalidTaskFile
from procession.model.circle import find_circle
from procession.model.monitoring import NO_SETTINGS
from procession.model.monitoring_rules import MonitoringRules
from procession.model.names import check_name
from procession.model.pool import PoolSettings
from procession.model.pool_readers import POOL_KEYS, named
from procession.model.rule_readers import RULES, read_rules
from procession.model.task import Task
from procession.model.task_table import read_keys, read_task, suggest
from procession.model.toml_lines import Place, explain_syntax, find_line, show_place

_SHOWN_PROBLEMS = 5
_TABLES = ("pool", "tasks", *RULES)


class TaskFile(Struct, frozen=True, kw_only=True):
    """What a task file says: how many at once, and which tasks (in the order of the file)."""

    pool: PoolSettings
    tasks: tuple[Task, ...]


def read_task_text(text: str | bytes, path: str) -> TaskFile:
    """Read the text of the file at ``path``; bytes must be UTF-8.

    Raises: InvalidTaskFile: for the first problem by line; ``hint`` names the next ones.
    """
    content = (_decode(text, path) if isinstance(text, bytes) else text).removeprefix("\ufeff")
    document = _parse(content, path)
    reading = _Reading(os.path.dirname(path))
    read = reading.read(document)
    if reading.problems:
        raise _refusal(reading.problems, content, path)
    return read


class _Reading:
    """One reading of a document: goes through all of it and keeps every problem."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self.problems: list[tuple[Place, str, str]] = []

    def read(self, document: dict[str, Any]) -> TaskFile:
        for key in document.keys() - set(_TABLES):
            self._report((key,), f"unknown key; {suggest(key, _TABLES)}", "")
        pool = self._read_pool(document.get("pool", {}))
        tasks = self._read_tasks(document.get("tasks"))
        self._check_dependencies(tasks, document.get("tasks"))
        rules = read_rules(document, self._report)
        return TaskFile(pool=pool, tasks=tuple(_watched(task, rules) for task in tasks))

    def _report(self, place: Place, expected: str, hint: str) -> None:
        self.problems.append((place, expected, hint))

    def _read_pool(self, table: object) -> PoolSettings:
        if not isinstance(table, dict):
            self._report(("pool",), "expected a table", "write [pool]")
            return PoolSettings()
        return PoolSettings(**named(read_keys(table, POOL_KEYS, ("pool",), self._report), POOL_KEYS))

    def _read_tasks(self, tables: object) -> list[Task]:
        if not isinstance(tables, dict) or not tables:
            place: Place = ("tasks",) if tables is not None else ()
            self._report(place, "expected at least one task", 'write [tasks.NAME] and command = ["…"]')
            return []
        read = (self._read_named(name, table) for name, table in tables.items())
        return [task for task in read if task is not None]

    def _read_named(self, name: str, table: object) -> Task | None:
        try:
            check_name(name)
        except InvalidTask as error:
            self._report(
                ("tasks", name), f"expected a task's name: it {error.message.partition(' name ')[2]}", error.hint
            )
            return None
        return read_task(name, table, self._directory, self._report)

    def _check_dependencies(self, tasks: list[Task], tables: object) -> None:
        known = set(tables) if isinstance(tables, dict) else set()
        silent = {task.name for task in tasks if task.ready is None}
        for task in tasks:
            for index, dependency in enumerate(task.after):
                if dependency.task not in known:
                    place: Place = ("tasks", task.name or "", "after", index)
                    problem = f"no task of this file is called {dependency.task!r}"
                    self._report(place, f"{problem}; {suggest(dependency.task, known)}", "")
                if dependency.condition == "ready" and dependency.task in silent:
                    place = ("tasks", task.name or "", "after", index)
                    hint = f'write ready = "notify" (or another way) under [tasks.{dependency.task}]'
                    self._report(place, f"{dependency.task!r} does not say how it becomes ready", hint)
        circle = find_circle({task.name or "": [each.task for each in task.after] for task in tasks})
        if circle:
            self._report(("tasks", circle[0], "after"), f"goes in a circle: {' waits for '.join(circle)}", "")


def _watched(task: Task, rules: MonitoringRules) -> Task:
    """Give a task with what is said for it in the file: its own words, its group's, those for all."""
    if rules == MonitoringRules():
        return task
    of_group = rules.groups.get(task.group or "", NO_SETTINGS)
    return replace(task, monitoring=task.monitoring.over(of_group.over(rules.all)))


def _decode(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidTaskFile(path, line, "", "expected UTF-8 text") from None


def _parse(content: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        line, key, problem = explain_syntax(error, content)
        raise InvalidTaskFile(path, line, key, problem) from None
    except RecursionError:
        raise InvalidTaskFile(path, None, "", "expected TOML that is not nested so deeply") from None


def _refusal(problems: list[tuple[Place, str, str]], content: str, path: str) -> InvalidTaskFile:
    placed = [(find_line(content, place) or 0, place, expected, hint) for place, expected, hint in problems]
    placed.sort(key=lambda each: each[0])
    line, place, expected, hint = placed[0]
    others = [f"line {number}: {show_place(where)}: {what}" for number, where, what, _ in placed[1:_SHOWN_PROBLEMS]]
    if len(placed) > _SHOWN_PROBLEMS:
        others.append(f"and {len(placed) - _SHOWN_PROBLEMS} more")
    also = f"also {'; '.join(others)}" if others else ""
    hints = "; ".join(each for each in (hint, also) if each)
    return InvalidTaskFile(path, line or None, show_place(place), expected, hint=hints)
