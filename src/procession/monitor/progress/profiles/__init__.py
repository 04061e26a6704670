"""All profiles that ship. To add one, write it into the file of its family; the first whose frame fits wins."""

from __future__ import annotations

from typing import Final

from procession.monitor.progress.profile import Profile
from procession.monitor.progress.profiles import (
    bars,
    builds,
    databases,
    disks,
    learning,
    media,
    transfers,
    workflows,
)

PROFILES: Final[tuple[Profile, ...]] = (
    *learning.PROFILES,
    *bars.PROFILES,
    *transfers.PROFILES,
    *builds.PROFILES,
    *media.PROFILES,
    *disks.PROFILES,
    *databases.PROFILES,
    *workflows.PROFILES,
)
