"""What a daemon is told once: ``<home>/config.toml``, all of it optional. A file with a mistake is refused whole.

[pool]
hard_limit = 50            # never more tasks at once
soft_limit = 10            # more than these are told, once
memory_per_task = "512MiB" # so much must be available, whoever is to start
cpu_ceiling = 0.8          # the share of the processors that others may use up
tokens = { ansys = 3 }     # of what there are few: a task that needs one waits until it is free
policy = "adaptive"        # or "fixed": the hard limit alone
[retention]
older_than = "30d"         # forget a task so long after its end
keep = 100000              # and the oldest beyond so many
max_log_size = "20GB"      # and the oldest while all logs take more than this
[logs]
limit = "1GB"              # of each log only head and tail are kept; without it, every byte
[monitor]
stall_after = "10m"        # for all tasks; [groups.NAME] the same for those of a group
[[on]]
event = "stalled"          # what is done about it: see `procession.model.reaction`
do = "notify"
Beside it, ``<home>/agents.toml`` may have profiles of clients of coding agents.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from procession.errors import InvalidTaskFile
from procession.model.agent import AgentProfile
from procession.model.field_readers import read_count, read_duration, read_size
from procession.model.monitoring_rules import MonitoringRules
from procession.model.pool import PoolSettings
from procession.model.pool_readers import POOL_KEYS
from procession.model.rule_readers import RULES, read_rules
from procession.model.task_table import Reader, read_keys, suggest
from procession.model.toml_lines import Place, explain_syntax, find_line, show_place

DAY_S: Final = 86_400.0


class Retention(Struct, frozen=True, kw_only=True):
    """What of the ended tasks is kept: so long, so many, so much of logs. None: without this bound."""

    older_than_s: float | None = 30 * DAY_S
    keep: int | None = 100_000
    max_log_bytes: int | None = None


class Config(Struct, frozen=True, kw_only=True):
    """What the file says, or what holds without one."""

    pool: PoolSettings = PoolSettings()
    retention: Retention = Retention()
    log_limit_bytes: int | None = None
    monitoring: MonitoringRules = MonitoringRules()
    agents: dict[str, AgentProfile] = {}


def read_agents(path: str) -> dict[str, AgentProfile]:
    """Read the profiles of clients of coding agents at ``path``, if there are any. Raises: InvalidProfile."""
    if not os.path.lexists(path):
        return {}
    from procession.monitor.agents.catalogue import load_profiles  # noqa: PLC0415 - most have none

    return load_profiles(path)


_TABLES: Final[dict[str, Mapping[str, tuple[str, Reader]]]] = {
    "pool": POOL_KEYS,
    "retention": {
        "older_than": ("older_than_s", read_duration),
        "keep": ("keep", read_count),
        "max_log_size": ("max_log_bytes", read_size),
    },
    "logs": {"limit": ("log_limit_bytes", read_size)},
}


def read_config(path: str) -> Config:
    """Read the file at ``path``; without one, everything is as it is by default. Raises: InvalidTaskFile."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidTaskFile(path, None, "", f"cannot be read: {error}") from None
    return _read(text, path)


def _read(text: str, path: str) -> Config:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, key, problem = explain_syntax(error, text)
        raise InvalidTaskFile(path, line, key, problem) from None

    def refuse(place: Place, expected: str, hint: str) -> None:
        raise InvalidTaskFile(path, find_line(text, place), show_place(place), expected, hint=hint)

    values: dict[str, dict[str, Any]] = {}
    rules = read_rules(document, refuse)
    for name, table in document.items():
        if name in RULES:
            continue
        if name not in _TABLES:
            refuse((name,), f"unknown key; {suggest(name, (*_TABLES, *RULES))}", "")
        if not isinstance(table, dict):
            refuse((name,), "expected a table", f"write [{name}]")
        read = read_keys(table, _TABLES[name], (name,), refuse)
        values[name] = {_TABLES[name][key][0]: value for key, value in read.items()}
    return Config(
        pool=PoolSettings(**values.get("pool", {})),
        retention=Retention(**values.get("retention", {})),
        monitoring=rules,
        **values.get("logs", {}),
    )
