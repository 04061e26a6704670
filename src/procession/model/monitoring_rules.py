"""The settings that hold for a task: its own come before those of its group, these before those for all.

These come before `DEFAULTS`. Of what is to be done (``on``) everything holds that anybody said.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from procession.model.monitoring import Monitoring
from procession.model.reaction import Reaction

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

    def reactions(self, own: Monitoring, group: str | None) -> tuple[Reaction, ...]:
        """Give what is to be done about the events of a task: all that anybody said."""
        of_group = self.groups.get(group or "")
        return (*own.on, *(() if of_group is None else of_group.on), *self.all.on)

    def of(self, own: Monitoring, group: str | None) -> Monitoring:
        """Give all settings of a task with its ``own``, in ``group``: nothing is left open."""
        base = self.all.over(DEFAULTS)
        of_group = self.groups.get(group or "")
        return own.over(base if of_group is None else of_group.over(base))
