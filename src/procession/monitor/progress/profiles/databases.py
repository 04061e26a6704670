"""Databases."""

from __future__ import annotations

from typing import Final

from procession.monitor.progress.profile import Profile, profile

PROFILES: Final[tuple[Profile, ...]] = (
    profile(
        "pgbench -i",
        rb"^(?P<current>\d+) of (?P<total>\d+) (?P<unit>tuples) \((?P<percent>\d{1,3})%\) ",
        programs="pgbench",
        by_content=True,
        in_phases=True,
    ),
    profile("pgbench", rb"^progress: (?P<current>[\d.]+) (?P<unit>s), ", programs="pgbench"),
    profile(
        "pg_basebackup",
        rb"^ *(?P<current>\d+)/(?P<total>\d+) (?P<unit>kB) \((?P<percent>\d{1,3})%\), \d+/\d+ tablespace",
        programs="pg_basebackup",
        by_content=True,
    ),
    profile("pg_dump", programs="pg_dump pg_dumpall pg_restore"),
)
