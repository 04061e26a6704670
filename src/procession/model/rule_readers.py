"""The settings of monitoring for many tasks, as a task file and the configuration have them.

    [monitor]          # for all
    stall_after = "10m"
    [groups.night]     # for those of a group
    stall_after = "never"
    [[on]]             # for all
    event = "memory_critical"
    do = "stop"

Not here: the settings of one task (``monitoring_readers``).
"""

from __future__ import annotations

from typing import Any, Final

from procession.errors import InvalidTask
from procession.model.field_readers import Misfit
from procession.model.monitoring import Monitoring
from procession.model.monitoring_readers import KEYS, read_reactions
from procession.model.monitoring_rules import MonitoringRules
from procession.model.names import check_name
from procession.model.task_table import Report, read_keys
from procession.model.toml_lines import Place

RULES: Final = ("monitor", "groups", "on")
"""Where they stand in the document."""


def read_rules(document: dict[str, Any], report: Report) -> MonitoringRules:
    """Read them; every problem is reported by its place."""
    settings = _read(document.get("monitor", {}), ("monitor",), report)
    tables = document.get("groups", {})
    if not isinstance(tables, dict):
        report(("groups",), "expected tables", "write [groups.NAME]")
        tables = {}
    groups = {}
    for name, table in tables.items():
        try:
            check_name(name, "group")
        except InvalidTask as error:
            report(("groups", name), f"expected a group's name: it {error.message.partition(' group ')[2]}", error.hint)
            continue
        groups[name] = _read(table, ("groups", name), report)
    try:
        everywhere = Monitoring(on=read_reactions(document.get("on", [])))
    except Misfit as misfit:
        report(("on", *misfit.inside), misfit.expected, misfit.hint)
        everywhere = Monitoring()
    return MonitoringRules(all=settings.over(everywhere), groups=groups)


def _read(table: object, place: Place, report: Report) -> Monitoring:
    if not isinstance(table, dict):
        report(place, "expected a table", f"write [{'.'.join(map(str, place))}]")
        return Monitoring()
    values = read_keys(table, KEYS, place, report)
    return Monitoring(**{KEYS[key][0]: value for key, value in values.items()})
