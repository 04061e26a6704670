"""What is executed: ``python -I -S <this file> MODE FD SETTING HOME_PROCS``.

MODE ``attached``: FD is the connection, SETTING the grace in seconds. ``durable``: FD listens, SETTING is the journal.
HOME_PROCS is the ``cgroup.procs`` of the group the keeper lives in, empty where there are no leaves. The interpreter
is started without paths, so the package is found beside this file.
"""

import sys

sys.path.append(__file__.rsplit("/", 3)[0])

from procession.keeper.program import run_keeper

sys.exit(run_keeper(sys.argv[1:]))
