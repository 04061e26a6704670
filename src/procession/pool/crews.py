"""Which crew an admission needs, decided in one place.

`SupervisedCrew` watches what its tasks use and acts on it, as an admission that measures the machine needs it.
`QuickCrew` is for an admission that only counts: half of the work for each job, and no look at any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.policy.admission import Admission
    from procession.pool.crew import Crew
    from procession.supervisor.launcher import Launcher


def make_crew(
    admission: Admission, launcher: Launcher | None = None, on_change: Callable[[], None] | None = None
) -> Crew:
    """Make the kind that ``admission`` needs.

    launcher: starts the processes; children of this one without it. on_change: hears that one started or ended.
    """
    if not admission.needs_looks:
        from procession.pool.quick_crew import QuickCrew  # noqa: PLC0415 - only one of the two is needed

        return QuickCrew(admission, launcher, on_change)
    from procession.pool.supervised_crew import SupervisedCrew  # noqa: PLC0415 - likewise

    return SupervisedCrew(admission, launcher, on_change)
