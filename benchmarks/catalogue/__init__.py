"""Every benchmark with its rivals and targets: to add a rival, add a line. What the rivals do is in `rivals/`."""

from __future__ import annotations

from benchmarks.catalogue.control import CONTROL
from benchmarks.catalogue.daemon import DAEMON
from benchmarks.catalogue.jobs import JOBS
from benchmarks.catalogue.keeper import KEEPER
from benchmarks.catalogue.output import OUTPUT
from benchmarks.catalogue.spawning import SPAWNING
from benchmarks.catalogue.talk import TALK

BENCHMARKS = (*SPAWNING, *OUTPUT, *JOBS, *DAEMON, *CONTROL, *TALK, *KEEPER)
