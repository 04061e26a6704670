"""The settings that hold for a task: its own come before those of its group, these before those for all.

These come before `DEFAULTS`. Of what is to be done (``on``) everything holds that anybody said.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from procession.model.monitoring import Monitoring

DEFAULTS: Final = Monitoring(
    stall_after_s=300.0,
    adaptive=False,
    no_progress_after_s=600.0,
    memory_high=2 << 30,
    memory_critical=4 << 30,
)


class MonitoringRules(Struct, frozen=True, kw_only=True):
    """The settings for all tasks, and those of each group by its name."""

    all: Monitoring = Monitoring()
    groups: dict[str, Monitoring] = {}

    def of(self, own: Monitoring, group: str | None) -> Monitoring:
        """Give all settings of a task with its ``own``, in ``group``: nothing is left open."""
        base = self.all.over(DEFAULTS)
        of_group = self.groups.get(group or "")
        return own.over(base if of_group is None else of_group.over(base))
