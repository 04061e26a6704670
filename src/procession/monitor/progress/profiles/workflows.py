"""What runs many jobs."""

from __future__ import annotations

from typing import Final

from procession.monitor.progress.profile import Profile, profile

PROFILES: Final[tuple[Profile, ...]] = (
    profile(
        "snakemake",
        rb"^(?P<current>\d+) of (?P<total>\d+) steps \((?P<percent>\d{1,3})%\) done",
        programs="snakemake",
        by_content=True,
    ),
    profile(
        "GNU parallel",  # "ETA: 1s Left: 21 AVG: 0.05s  local:2/19/100%/0.1s"
        rb"ETA: \d+\w+ Left: (?P<left>\d+) AVG: ",
        programs="parallel",
        by_content=True,
        fact=rb"ETA: \d+\w+ Left: (?P<total>\d+) AVG: ",
    ),
)
